/** What a run ends with, whichever notebooks it ran: the paper beside all kept numbers, as table and figure. */
import { paperVersusHere } from "../lab/headline";
import { publishFigure } from "../lab/publish";
import type { Session } from "../lab/session";
import { claimsForest } from "../paper/claimsForest";
import { saveTable } from "../show/saveTable";
import type { Table } from "../show/table";

/** Leaves both in the session's figures. @returns the table @throws UserError for a damaged record of numbers */
export async function leaveClosing(session: Session): Promise<Table> {
  const { figures } = session;
  const table = paperVersusHere(figures);
  saveTable(table, figures);
  const forest = claimsForest(figures);
  if (forest) await publishFigure(session, forest);
  return table;
}
