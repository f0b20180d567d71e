import type { ComponentChildren } from 'preact'
import { Icon } from '../../base/icon.tsx'
import { CodeEditor } from '../../parts/code-editor.tsx'
import type { Validation } from './validation.ts'
import { typeOf } from './validation.ts'

/** The text of a definition with what the server says of it, and the buttons above it. */
export function DefinitionEditor({
  text,
  validation,
  readOnly = false,
  note,
  children,
  onChange,
  onSave,
}: {
  text: string
  validation: Validation | undefined
  readOnly?: boolean
  /** One line between the buttons and the text. */
  note?: ComponentChildren
  children: ComponentChildren
  onChange(text: string): void
  onSave(): void
}) {
  const isCurrent = validation?.text === text
  const warnings = validation?.warnings ?? []
  return (
    <div class="editor">
      <div class="editor-bar">
        {children}
        {!readOnly && (
          <span class="editor-word small" data-bad={(validation?.problems.length ?? 0) > 0 || undefined}>
            {isCurrent ? verdictOf(validation) : 'Checking…'}
          </span>
        )}
      </div>
      {note}
      <CodeEditor
        label="Definition"
        language={typeOf(text) === 'application/json' ? 'json' : 'yaml'}
        value={text}
        problems={readOnly ? [] : (validation?.problems ?? [])}
        readOnly={readOnly}
        onChange={onChange}
        onSave={onSave}
      />
      {warnings.length > 0 && (
        <details class="editor-warnings" open={warnings.length <= 3}>
          <summary>
            <Icon name="alert" size={14} /> {warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`}
          </summary>
          <ul>
            {warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}

function verdictOf({ problems, id, version }: Validation): ComponentChildren {
  if (problems.length > 0) return `Line ${problems[0]?.line}: ${problems[0]?.message}`
  return (
    <>
      <Icon name="check" size={14} /> {id} {version} is valid
    </>
  )
}
