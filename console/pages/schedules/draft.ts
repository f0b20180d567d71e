import type { Schedule } from '../../api/answers.ts'

const MINUTE_MS = 60_000

/** What the form says beside the rule and the data; what it does not ask for stays as it was. */
export function draftOf(given: FormData, before: Schedule | undefined): object {
  const type = textOf(given, 'type')
  const subject = textOf(given, 'subject')
  return {
    ...(before && { priority: before.priority, startAt: before.startAt, endAt: before.endAt }),
    ...(type !== '' && { type }),
    subject: subject === '' ? null : subject,
    description: textOf(given, 'description'),
    catchUp: textOf(given, 'catchUp'),
    maxDelayMs: Math.round(Number(textOf(given, 'maxDelay')) * MINUTE_MS),
    jitterMs: Math.round(Number(textOf(given, 'jitter')) * 1_000),
  }
}

/** The object that the text stands for, or what is wrong with the text. */
export function dataOf(text: string): object | string {
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? value : 'expected an object, for example { "suite": "smoke" }'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}
