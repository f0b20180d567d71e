import { post } from '../../api/client.ts'
import { attempt, tell } from '../../base/toasts.tsx'
import { confirmed } from '../../parts/confirm-dialog.tsx'
import { countText } from '../../parts/words.ts'

interface Outcome {
  done: number
  refused: number
  failed: number
}

/** The same done to all letters that are picked. */
export function BulkLetters({ ids, onDone }: { ids: readonly number[]; onDone: () => void }) {
  const run = async (action: 'redrive' | 'discard'): Promise<void> => {
    const many = countText(ids.length, 'dead letter')
    const yes = await confirmed({
      title: `${action === 'redrive' ? 'Redrive' : 'Discard'} ${many}?`,
      text:
        action === 'redrive'
          ? 'Each is sent again as it was. What its actor cannot handle this time either comes back here.'
          : 'Their actors never get them.',
      action: `${action === 'redrive' ? 'Redrive' : 'Discard'} ${ids.length}`,
      danger: action === 'discard',
    })
    if (yes === undefined) return
    await attempt(async () => {
      const outcome = await post<Outcome>('/v1/dead-letters/bulk', { body: { selector: { ids }, action } })
      tell(`${action === 'redrive' ? 'Sent again' : 'Discarded'}: ${outcome.done} of ${ids.length}${leftText(outcome)}`)
    })
    onDone()
  }
  return (
    <div class="inbox-bulk" role="group" aria-label="What is picked">
      <span class="small">{ids.length.toLocaleString('en')} picked</span>
      <button type="button" class="button" onClick={() => void run('redrive')}>
        Redrive
      </button>
      <button type="button" class="button danger" onClick={() => void run('discard')}>
        Discard
      </button>
    </div>
  )
}

function leftText({ refused, failed }: Outcome): string {
  const parts = [...(refused > 0 ? [`${refused} refused`] : []), ...(failed > 0 ? [`${failed} failed`] : [])]
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`
}
