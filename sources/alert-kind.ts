/** The kinds that device labs already speak of; agents' triggers name them in this spelling. */
const FIELD_KINDS = (
  'blackscreen freeze macroblocks audio_loss device_offline no_signal app_crash anr epg_timeout page_load_timeout ' +
  'video_playback_failed channel_change_failed service_down high_cpu high_memory disk_space_low slow_response'
).split(' ')
const BY_LETTERS = new Map(FIELD_KINDS.map((kind) => [letters(kind), kind]))

/**
 * The segment of an event type that names an alert: `BlackScreen` and `black-screen` are both `blackscreen`, as the
 * field spells it; any other name is split at capitals and marks, `KubePodCrashLooping` → `kube_pod_crash_looping`.
 * `undefined` when no letter or digit is left.
 */
export function alertKind(name: string): string | undefined {
  const known = BY_LETTERS.get(letters(name))
  if (known !== undefined) return known
  const kind = name
    .slice(0, 200)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, 64)
    .replaceAll(/^_|_$/g, '')
  return kind === '' ? undefined : kind
}

function letters(name: string): string {
  return name
    .slice(0, 200)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
}
