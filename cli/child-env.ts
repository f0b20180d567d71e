/** What a program needs to run at all; the rest may hold secrets, which are not a child's business. */
const HARMLESS = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'LANG', 'LC_ALL', 'TZ', 'SYSTEMROOT', 'NODE_OPTIONS']

/** The part of an environment that a child process of another trust may have. */
export function passedOn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(HARMLESS.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])))
}
