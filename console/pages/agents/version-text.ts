/** The next patch: `1.0.0` → `1.0.1`; a pre-release becomes what it was for. */
export function nextVersion(version: string): string {
  const [, major = '0', minor = '0', patch = '0', rest = ''] = /^(\d+)\.(\d+)\.(\d+)(.*)$/.exec(version) ?? []
  return rest.startsWith('-') ? `${major}.${minor}.${patch}` : `${major}.${minor}.${Number(patch) + 1}`
}

/** The version that a text says it is; undefined where it says none. */
export function versionIn(text: string): string | undefined {
  return LINE.exec(text)?.groups?.version
}

/** The same text as another version. */
export function withVersion(text: string, version: string): string {
  return text.replace(LINE, (_all, before: string, quote: string) => `${before}${quote}${version}${quote}`)
}

/** The first `version:` below `metadata:`, as people write it in YAML and in JSON. */
const LINE =
  /(?<=(?:^|\n|\{|,)[ "]*metadata"?[ ]*:(?:(?!\n\w)[^])*?)(?<before>"?version"?[ ]*:[ ]*)(?<quote>["']?)(?<version>[\w.+-]+)\k<quote>/
