interface DialogButtonsProps {
  /** What the dialog's form does when it is sent. */
  action: string
  onCancel: () => void
  danger?: boolean
  disabled?: boolean
}

/** The foot of a dialog with a form: the way back first, then what it is for. */
export function DialogButtons({ action, onCancel, danger = false, disabled = false }: DialogButtonsProps) {
  return (
    <div class="dialog-buttons">
      <button type="button" class="button" onClick={onCancel}>
        Cancel
      </button>
      <button type="submit" class={`button ${danger ? 'danger' : 'primary'}`} disabled={disabled}>
        {action}
      </button>
    </div>
  )
}
