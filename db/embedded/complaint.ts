/** What PostgreSQL gave as its reason, cut out of its output: the failure with its details and hints, in one line. */
export function complaint(output: string): string {
  const lines = output.trim().split('\n')
  const failures = lines.filter((line) => /\b(?:FATAL|PANIC|ERROR|DETAIL|HINT|error|hint): /.test(line))
  const told = failures.length > 0 ? failures : lines
  return told.slice(-4).map(withoutPrefix).join(' ') || 'it said nothing'
}

/** Time stamp, process number and severity are for the log file, not for the person who reads the sentence. */
function withoutPrefix(line: string): string {
  return line.replace(/^.*?\b(?:FATAL|PANIC|ERROR|DETAIL|HINT|LOG|error|hint):\s+/, '')
}
