import './code-editor.css'
import { useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { Icon } from '../base/icon.tsx'
import { type Language, tint } from './tint.ts'
import { breakLine, select, shiftLines, wordAt } from './typing.ts'
import { countText } from './words.ts'

/** Something wrong in a text: where, from 1, and why. */
export interface TextProblem {
  line: number
  column: number
  message: string
  path?: string
}

export interface CodeEditorProps {
  label: string
  language: Language
  value: string
  problems?: readonly TextProblem[]
  readOnly?: boolean
  onChange?(value: string): void
  /** Ctrl+S. */
  onSave?(): void
  /** What Ctrl+S does: `saves`. */
  saveWord?: string
}

/**
 * A field for code: a plain textarea with the tinted text, the numbers and the marks of problems behind it, so that
 * everything that a browser, a screen reader and a hand know about text fields holds. Tab indents; Escape, then Tab leaves.
 */
export function CodeEditor({
  label,
  language,
  value,
  problems = [],
  readOnly = false,
  onChange,
  onSave,
  saveWord = 'saves',
}: CodeEditorProps) {
  const field = useRef<HTMLTextAreaElement>(null)
  const leaving = useSignal(false)
  const id = useId()

  const onKeyDown = (event: KeyboardEvent): void => {
    const element = field.current
    if (!element) return
    if ((event.ctrlKey || event.metaKey) && event.key === 's') onSave?.()
    else if (event.key === 'Escape') {
      leaving.value = true
      return
    } else if (event.key === 'Tab' && !leaving.value && !readOnly) shiftLines(element, event.shiftKey)
    else if (event.key === 'Enter' && !readOnly && !event.ctrlKey && !event.metaKey) breakLine(element)
    else {
      if (event.key !== 'Tab' && event.key !== 'Shift') leaving.value = false
      return
    }
    event.preventDefault()
    leaving.value = false
  }

  const goTo = (line: number, column: number): void => {
    if (!field.current) return
    select(field.current, line, column)
    field.current.parentElement?.querySelector(`.code-line:nth-child(${line})`)?.scrollIntoView({ block: 'center' })
  }

  return (
    <div class="code" data-bad={problems.length > 0 || undefined}>
      <div class="code-scroll">
        <div class="code-area">
          <Tinted text={value} language={language} problems={problems} />
          <textarea
            ref={field}
            aria-label={label}
            aria-describedby={`${id}-problems ${id}-keys`}
            aria-invalid={problems.length > 0}
            wrap="off"
            spellcheck={false}
            autocomplete="off"
            autocapitalize="off"
            readOnly={readOnly}
            value={value}
            onInput={(event) => onChange?.(event.currentTarget.value)}
            onKeyDown={onKeyDown}
            onBlur={() => (leaving.value = false)}
          />
        </div>
      </div>
      <div class="code-foot">
        <p id={`${id}-problems`} class="code-verdict" role="status">
          {problems.length > 0 && (
            <>
              <Icon name="alert" size={14} /> {countText(problems.length, 'problem')}
            </>
          )}
        </p>
        <p id={`${id}-keys`} class="code-keys">
          {readOnly ? (
            'Read only'
          ) : (
            <>
              <kbd>Tab</kbd> indents · <kbd>Esc</kbd> <kbd>Tab</kbd> leaves{onSave ? ' · ' : ''}
              {onSave && (
                <>
                  <kbd>Ctrl S</kbd> {saveWord}
                </>
              )}
            </>
          )}
        </p>
      </div>
      {problems.length > 0 && (
        <ul class="code-problems" aria-label="Problems">
          {problems.map(({ line, column, path, message }) => (
            <li key={`${line}:${column}:${message}`}>
              <button type="button" onClick={() => goTo(line, column)}>
                <span class="code-place">
                  {line}:{column}
                </span>
                <span>
                  {path !== undefined && path !== '' && <code>{path}</code>} {message}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

interface Drawn {
  text: string
  marks: string
  node: VNode
}

/** Only lines that changed are drawn again: two thousand cost as much as the one that is typed in. */
function Tinted({ text, language, problems }: { text: string; language: Language; problems: readonly TextProblem[] }) {
  const before = useRef<Drawn[]>([])
  const byLine = Map.groupBy(problems, ({ line }) => line)
  const lines = text.split('\n').map((line, index): Drawn => {
    const here = byLine.get(index + 1) ?? []
    const marks = here.map(({ column, message }) => `${column} ${message}`).join('\n')
    const old = before.current[index]
    if (old?.text === line && old.marks === marks) return old
    return { text: line, marks, node: drawLine(line, index, language, here) }
  })
  useEffect(() => {
    before.current = lines
  })
  return (
    <pre class="code-tint" aria-hidden="true">
      {lines.map(({ node }) => node)}
    </pre>
  )
}

function drawLine(line: string, index: number, language: Language, problems: readonly TextProblem[]): VNode {
  return (
    <div key={index} class="code-line" data-bad={problems.length > 0 || undefined}>
      {tint(line, language).map(([kind, text], at) =>
        kind === '' ? (
          text
        ) : (
          <span key={at} class={`tint-${kind}`}>
            {text}
          </span>
        ),
      )}
      {problems.map(({ column }) => (
        <span
          key={`at-${column}`}
          class="code-squiggle"
          style={{ left: `${column - 1}ch`, width: `${Math.max(1, wordAt(line, column).length)}ch` }}
        />
      ))}
      {'\n'}
    </div>
  )
}
