import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

interface DialogProps {
  label: string
  onClose: () => void
  class?: string
  children: ComponentChildren
}

/** The browser's own modal dialog: it holds the focus, and Escape closes it. Shown for as long as it is rendered. */
export function Dialog({ label, onClose, class: name = '', children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement
    element.current?.showModal()
    return () => {
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={element}
      class={`dialog ${name}`}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => {
        // The backdrop is the dialog itself; its content is something inside it.
        if (event.target === element.current) onClose()
      }}
    >
      <div class="dialog-body">{children}</div>
    </dialog>
  )
}
