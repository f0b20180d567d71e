import { useSignal } from '@preact/signals'
import { pathOf } from '../api/client.ts'
import { Icon } from '../base/icon.tsx'
import { Dialog } from './dialog.tsx'

export interface EvidenceItem {
  id: string
  step: string
  mediaType: string
}

/** What the steps of a run kept: pictures small in a row, and large on a press; other files as downloads. */
export function Evidence({ run, items }: { run: string; items: readonly EvidenceItem[] }) {
  const open = useSignal<number | undefined>(undefined)
  const pictures = items.filter(({ mediaType }) => mediaType.startsWith('image/'))
  const files = items.filter(({ mediaType }) => !mediaType.startsWith('image/'))
  const shown = open.value === undefined ? undefined : pictures[open.value]
  return (
    <>
      <ul class="evidence">
        {pictures.map(({ id, step }, index) => (
          <li key={id}>
            <button type="button" class="thumb" onClick={() => (open.value = index)}>
              <img src={evidencePath(run, id)} alt={`Picture that ${step} kept`} loading="lazy" />
              <span>{step}</span>
            </button>
          </li>
        ))}
      </ul>
      {files.length > 0 && (
        <ul class="evidence-files">
          {files.map(({ id, step, mediaType }) => (
            <li key={id}>
              <a class="text-link" href={evidencePath(run, id)} download>
                {step} ({mediaType})
              </a>
            </li>
          ))}
        </ul>
      )}
      {shown && open.value !== undefined && (
        <Lightbox
          src={evidencePath(run, shown.id)}
          caption={`${shown.step} · ${open.value + 1} of ${pictures.length}`}
          onStep={(by) => (open.value = ((open.value ?? 0) + by + pictures.length) % pictures.length)}
          onClose={() => (open.value = undefined)}
        />
      )}
    </>
  )
}

export function evidencePath(run: string, id: string): string {
  return pathOf('runs', run, 'evidence', id)
}

interface LightboxProps {
  src: string
  caption: string
  /** To the next picture, or back. */
  onStep: (by: number) => void
  onClose: () => void
}

/** One picture as large as the window allows; arrows go on to the next. */
function Lightbox({ src, caption, onStep, onClose }: LightboxProps) {
  return (
    <Dialog label={caption} class="lightbox" onClose={onClose}>
      <figure
        onKeyDown={(event) => {
          if (event.key === 'ArrowRight') onStep(1)
          if (event.key === 'ArrowLeft') onStep(-1)
        }}
      >
        <img src={src} alt={caption} />
        <figcaption>
          <button type="button" class="icon-button" aria-label="Picture before" onClick={() => onStep(-1)}>
            <Icon name="back" />
          </button>
          <span>{caption}</span>
          <button type="button" class="icon-button" aria-label="Next picture" onClick={() => onStep(1)}>
            <Icon name="chevron" />
          </button>
          <a class="text-link" href={src} target="_blank" rel="noopener">
            Open
          </a>
          <button type="button" class="button" onClick={onClose}>
            Close
          </button>
        </figcaption>
      </figure>
    </Dialog>
  )
}
