/** Type-checks the notebooks named on the command line; one line per error, exit code 1 when there is any. */
import { formatNotebookError, nbcheck } from "../../lib/notebook/nbcheck";

const files = process.argv.slice(2);
const errors = files.length > 0 ? nbcheck(files) : [];
for (const error of errors) process.stdout.write(`${formatNotebookError(error)}\n`);
process.stdout.write(`${files.length} notebooks, ${errors.length} errors\n`);
process.exitCode = errors.length > 0 ? 1 : 0;
