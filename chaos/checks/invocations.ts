import type { Facts, HistoryFact } from '../facts.ts'
import { doubles, groupBy, type Violation } from './violation.ts'

/**
 * G15–G17: work that was asked for is done, its outcome is applied once, a claim is held by one worker at a time, and
 * what must not be repeated is not. Judged by the ledgers, which are outside of the database.
 */
export function checkInvocations(facts: Facts): Violation[] {
  return [...undone(facts), ...claims(facts), ...outcomes(facts), ...unsafe(facts), ...stolen(facts)]
}

function undone({ history, actors, executed, letters, left }: Facts): Violation[] {
  const began = new Set(
    executed.flatMap((one) => (one.kind === 'begin' || one.kind === 'action' ? [one.effectId] : [])),
  )
  const buried = new Set(letters.filter(({ kind }) => kind === 'action').map(({ messageId }) => messageId))
  const applied = new Set(history.map(({ messageId }) => messageId))
  const violations: Violation[] = []
  for (const { address, revision, effects } of history) {
    const kind = actors.get(address)?.kind
    for (const [index, effect] of effects.entries()) {
      const effectId = `${address}:${revision}:${index}`
      if (effect.type === 'action' && kind === 'relay' && !began.has(effectId) && !buried.has(effectId))
        violations.push({ rule: 'G16', what: 'an action was never done', evidence: effectId })
      const waits =
        effect.type === 'invoke' && actors.get(address)?.children[effect.id]?.born === `${revision}.${index}`
      if (
        waits &&
        actors.get(address)?.status === 'active' &&
        !applied.has(`invocation:${effectId}`) &&
        !open(effectId)
      )
        violations.push({ rule: 'G8', what: 'an actor waits for work that nobody has', evidence: effectId })
    }
  }
  return violations

  function open(effectId: string): boolean {
    return left.invocations.some((one) => one.effectId === effectId)
  }
}

/** Two executions under one number would mean that two workers held one claim. */
function claims({ executed }: Facts): Violation[] {
  const begins = executed.flatMap((one) => (one.kind === 'begin' ? [one] : []))
  return doubles(begins, ({ effectId, attempts }) => `${effectId} #${attempts}`).map((key) => ({
    rule: 'G6',
    what: 'two workers held one claim',
    evidence: key,
  }))
}

/** The outcome that an actor applied is one that an execution really came to, and no later claim had replaced it. */
function outcomes({ history, executed, claims: log }: Facts): Violation[] {
  const ends = new Set(
    executed.flatMap((one) => (one.kind === 'end' ? [`${one.effectId} ${one.attempts} ${one.pid}`] : [])),
  )
  const applied = history.filter(({ messageId }) => messageId.startsWith('invocation:job/'))
  const invented = applied.flatMap(({ messageId, event }: HistoryFact) => {
    const output = event['output'] as { attempts: number; pid: number } | undefined
    if (output === undefined || ends.has(`${messageId.slice('invocation:'.length)} ${output.attempts} ${output.pid}`))
      return []
    return [{ rule: 'G2', what: 'an outcome was applied that no execution came to', evidence: { messageId, output } }]
  })
  const stale = [...groupBy(log, ({ effectId }) => effectId)].flatMap(([effectId, steps]) => {
    let attempts = 0
    return steps.flatMap((step) => {
      const late = step.op === 'finished' && step.attempts < attempts
      attempts = Math.max(attempts, step.attempts)
      return late
        ? [{ rule: 'G6', what: 'a claim that was lost brought its outcome', evidence: { effectId, step } }]
        : []
    })
  })
  const twice = [
    ...groupBy(
      log.filter(({ op }) => op === 'finished'),
      ({ effectId }) => effectId,
    ),
  ]
    .filter(([, finished]) => finished.length > 1)
    .map(([effectId]) => ({ rule: 'G6', what: 'work was finished twice', evidence: effectId }))
  const late = applied.flatMap(({ messageId, event }) => {
    const effectId = messageId.slice('invocation:'.length)
    const output = event['output'] as { attempts: number } | undefined
    const last = Math.max(
      ...log.filter((one) => one.effectId === effectId && one.op === 'claimed').map((one) => one.attempts),
      0,
    )
    if (output === undefined || output.attempts >= last) return []
    return [{ rule: 'G6', what: 'the outcome of a lost claim was applied', evidence: { effectId, output, last } }]
  })
  return [...invented, ...stale, ...twice, ...late]
}

/** The world counts what must not be repeated: nothing was done twice under one key. */
function unsafe({ executed }: Facts): Violation[] {
  const effects = executed.flatMap((one) => (one.kind === 'unsafe' ? [one] : []))
  return doubles(effects, ({ key }) => key).map((key) => ({
    rule: 'G17',
    what: 'an effect that must not be repeated was',
    evidence: key,
  }))
}

/** Work is taken over only when the lease of whoever had it has run out by the database's clock. */
function stolen({ claims: log }: Facts): Violation[] {
  return log.flatMap((claim) =>
    claim.op === 'claimed' && (claim.leaseLeftMs ?? 0) > 0
      ? [{ rule: 'G26', what: 'work was taken from a worker whose lease stood', evidence: claim }]
      : [],
  )
}
