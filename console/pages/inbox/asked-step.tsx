import type { AskedCall } from '../../parts/asked-call.ts'
import { JsonTree } from '../../parts/json-tree.tsx'

export function AskedStep({ call, asks }: { call: AskedCall; asks: boolean }) {
  const hasInput = typeof call.input === 'object' && call.input !== null && Object.keys(call.input).length > 0
  return (
    <section class="side-part" aria-label={asks ? 'What it wants to call' : 'What is in doubt'}>
      <h3>{asks ? 'It wants to call' : 'Nobody knows whether this was done'}</h3>
      <p>
        <code>{call.tool}</code> <span class="muted">in step {call.step}</span>
      </p>
      {hasInput && <JsonTree value={call.input} depth={3} />}
      {hasInput && call.isTemplate && (
        <p class="muted small">
          As its definition says; <code>{'${…}'}</code> is filled in when it is called.
        </p>
      )}
    </section>
  )
}
