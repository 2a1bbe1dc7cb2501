/** Stands for lib/base/notice in a browser. */
import type * as Node from "../../../base/notice";

export const notice: typeof Node.notice = (text) => console.info(text);
