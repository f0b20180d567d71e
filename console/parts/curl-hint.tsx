import { useSignal } from '@preact/signals'
import { Icon } from '../base/icon.tsx'
import { session } from '../base/session.ts'

export interface CurlHintProps {
  /** `GET` unless said otherwise. */
  method?: string
  /** `/v1/instances?state=running` */
  path: string
  body?: unknown
  /** Sent as it is, instead of a body. */
  file?: { name: string; type: string }
  /** What follows `npm run troupe --`, where the command line can do the same. */
  cli?: string
}

/** The same without the page: what a person copies into a terminal or a script. */
export function CurlHint({ method = 'GET', path, body, file, cli }: CurlHintProps) {
  const who = session.value
  const key = typeof who === 'object' && who.name !== 'local' ? ' -H "Authorization: Bearer $TROUPE_API_KEY"' : ''
  const verb = method === 'GET' ? '' : ` -X ${method}`
  const data = file
    ? ` -H 'content-type: ${file.type}' --data-binary @${file.name}`
    : body === undefined
      ? ''
      : ` -H 'content-type: application/json' -d '${JSON.stringify(body).replaceAll("'", `'\\''`)}'`
  return (
    <details class="hint">
      <summary>
        <Icon name="terminal" /> Without this page
      </summary>
      <Line label="curl" text={`curl -s${verb} '${location.origin}${path}'${key}${data}`} />
      {cli !== undefined && <Line label="CLI" text={`npm run troupe -- ${cli}`} />}
    </details>
  )
}

function Line({ label, text }: { label: string; text: string }) {
  const copied = useSignal(false)
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text)
    copied.value = true
  }
  return (
    <div class="hint-line">
      <span class="muted">{label}</span>
      <code>{text}</code>
      <button type="button" class="icon-button" aria-label={`Copy the ${label} line`} onClick={() => void copy()}>
        <Icon name={copied.value ? 'check' : 'copy'} />
      </button>
    </div>
  )
}
