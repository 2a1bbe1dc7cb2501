// A worker process that does what the tests of lib/base/workers ask for.
import { UserError } from "../../lib/base/check";
import { serveTasks, SharedFloats } from "../../lib/base/workers";

export type State = { remember: string } | { refuse: string };
export type Task =
  | { ask: "pid" }
  | { ask: "remembered" }
  | { ask: "double"; length: number; from: number; to: number }
  | { ask: "hang" }
  | { ask: "fail"; message: string }
  | { ask: "failUser"; parts: UserError["parts"] }
  | { ask: "exit"; code: number }
  | { ask: "kill" };

const shared = SharedFloats.inherited();
const remembered: string[] = [];
const later = () => new Promise((resolve) => setTimeout(resolve, 20));

serveTasks({
  async tell(state: State) {
    await later(); // a task that did not wait for it would not know it
    if ("refuse" in state) throw new Error(state.refuse);
    remembered.push(state.remember);
  },
  async run(task: Task) {
    switch (task.ask) {
      case "pid":
        return later().then(() => process.pid);
      case "remembered":
        return remembered.slice();
      case "double":
        return shared.write(
          shared.read(task.length, task.from).map((x) => 2 * x),
          task.to,
        );
      case "hang":
        return new Promise(() => undefined);
      case "fail":
        throw new Error(task.message);
      case "failUser":
        throw new UserError(task.parts);
      case "exit":
        return process.exit(task.code);
      case "kill":
        return process.kill(process.pid, "SIGKILL");
    }
  },
});
