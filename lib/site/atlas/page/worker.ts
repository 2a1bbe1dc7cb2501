/** The page's end of its worker. */
import type { PackedAtlas, Reply, Request } from "../protocol";

/** Left by the scripts before this one. */
declare global {
  var maskDpoAtlas: PackedAtlas;
  var maskDpoWorker: string;
}

/** Made of its source: under file:// no worker starts from a file. */
export function startWorker(onReply: (reply: Reply) => void): (request: Request) => void {
  const url = URL.createObjectURL(new Blob([maskDpoWorker], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.onmessage = ({ data }: MessageEvent<Reply>) => onReply(data);
  worker.onerror = ({ message }) => onReply({ kind: "failed", message: message || "the worker did not start" });
  const send = (request: Request): void => worker.postMessage(request);
  send({ kind: "open", atlas: maskDpoAtlas });
  return send;
}
