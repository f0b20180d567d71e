import type { SlotsPreview } from '../../api/answers.ts'
import { post } from '../../api/client.ts'
import { ApiError } from '../../api/problem.ts'
import { useWord } from '../../parts/word.ts'

const TYPING_MS = 250

export interface Preview {
  /** The rule and zone that this is about: while they are others, the word on them is still to come. */
  rule: string
  slots: SlotsPreview | undefined
  /** What is wrong, by field; empty where nothing is. */
  problems: Readonly<Record<string, string>>
}

/** What the server says of a rule, once one has stopped typing. */
export function usePreview(cron: string, timezone: string): Preview | undefined {
  return useWord(ruleOf(cron, timezone), TYPING_MS, preview)
}

/** Both as one text: what is the same text is the same rule. */
export function ruleOf(cron: string, timezone: string): string {
  return [cron.trim(), timezone.trim()].join('\n')
}

async function preview(rule: string): Promise<Preview> {
  const [cron = '', timezone = ''] = rule.split('\n')
  if (cron === '' || timezone === '') return { rule, slots: undefined, problems: {} }
  try {
    const slots = await post<SlotsPreview>('/v1/schedules/preview', { body: { cron, timezone } })
    return { rule, slots, problems: {} }
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 400) throw error
    return { rule, slots: undefined, problems: problemsOf(error) }
  }
}

/** By the name of the field: what is wrong with it. */
export function problemsOf({ details, message }: ApiError): Readonly<Record<string, string>> {
  const { problems } = details
  const listed = Array.isArray(problems) ? problems.flatMap(readProblem) : []
  return Object.fromEntries(listed.length > 0 ? listed : [['', message]])
}

function readProblem(given: unknown): [string, string][] {
  if (typeof given !== 'object' || given === null) return []
  const { path, message } = { path: '', message: '', ...given }
  return [
    [
      String(path)
        .replace(/^body\./, '')
        .replace(/[.[].*$/, ''),
      String(message),
    ],
  ]
}
