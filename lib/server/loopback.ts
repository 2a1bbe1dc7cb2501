/** Names by which only this machine is reached. */

/** Whether a host is this machine's own: `localhost`, names below it, 127.0.0.0/8 and ::1, the last with brackets. */
export function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i.test(hostname);
}
