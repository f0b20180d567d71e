import { expect, it } from 'vitest'
import { concerns, subjectOf, traceOf } from '../../chaos/trace.ts'
import { goodRun } from './good-run.ts'

const violation = { rule: 'G4', what: 'a message was applied twice', evidence: 'cell/a m2' }

it('reads off the evidence which actor and which message a violation is about', () => {
  const { addresses, messages } = subjectOf(violation)
  expect([...addresses]).toEqual(['cell/a'])
  expect([...messages]).toEqual(['m2'])
})

it('knows what was asked of an actor, also by way of another one', () => {
  const subject = subjectOf(violation)
  const send = (address: string, event: { type: string; to?: string }) => ({
    id: 'x',
    call: { do: 'send', address, event, id: 'x' } as const,
  })
  expect(concerns(send('cell/a', { type: 'PUT' }), subject)).toBe(true)
  expect(concerns(send('relay/r', { type: 'PASS', to: 'cell/a' }), subject)).toBe(true)
  expect(concerns(send('cell/b', { type: 'PUT' }), subject)).toBe(false)
})

it('tells the operation, the steps beside the one that is named, and the faults that stood then, in the order of time', () => {
  const facts = goodRun()
  const struck = [
    { id: 'P9', what: 'a worker is frozen', from: 900, to: 1_200, evidence: '' },
    { id: 'D4', what: 'long after', from: 90_000, to: 91_000, evidence: '' },
  ]
  const deaths = [{ at: 1_002, pid: 1, name: 'worker-1.2', how: 'SIGKILL', lastWords: '', others: 1 }]
  const lines = traceOf(violation, facts, { struck, deaths }).join('\n')
  expect(lines).toMatch(
    /asks \(m2\)[\s\S]*fault P9[\s\S]*revision 2 by m1[\s\S]*worker-1\.2 ends[\s\S]*revision 3 by m2/,
  )
  expect(lines).not.toContain('D4')
  expect(lines).not.toContain('clock/k')
})
