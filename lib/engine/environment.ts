/** Variables of the environment that a process sets for itself alone, such as its engine's threads. */

/** What was there before. */
const given = new Map<string, string | undefined>();

/** Sets a variable for this process. */
export function setOwnVariable(name: string, value: string): void {
  if (!given.has(name)) given.set(name, process.env[name]);
  process.env[name] = value;
}

/** The environment as it was given, and what else was set since: for a process that sets its own. */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, ...Object.fromEntries(given) };
}
