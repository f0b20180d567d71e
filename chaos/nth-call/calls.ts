import type { RunningPlatform } from '../../actors/agents/platform.ts'
import { createRetention } from '../../actors/agents/records/retention.ts'
import { createLog } from '../../core/log.ts'
import { LOCAL } from '../../core/principal.ts'

type Event = { type: string; [key: string]: unknown }

/** What lives need of a node beside what the random work asks for. */
export type LifeCall =
  | { do: 'ask'; address: string; event: Event; id: string }
  | { do: 'births'; kind: string; keys: string[] }
  /** In one commit, as far as they come together. */
  | { do: 'batch'; messages: { address: string; event: Event; id: string }[] }
  | { do: 'fork'; address: string; at: number; key: string }
  /** The open dead letter of this address, with another event; nothing where there is none. */
  | { do: 'redrive'; address: string; event: Event }
  /** Everything that may go goes, if it is older; absent: however young. Answers whether this node did it. */
  | { do: 'retain'; ageMs?: number }

export function performLifeCall({ runtime, deadLetters }: RunningPlatform, call: LifeCall): Promise<unknown> {
  switch (call.do) {
    case 'ask':
      return runtime.ask(call.address, call.event as never, { id: call.id, sender: 'chaos', timeoutMs: 4_000 })
    case 'births':
      return runtime.spawnAll(
        call.kind,
        call.keys.map((key) => ({ key })),
      )
    case 'batch':
      return Promise.all(
        call.messages.map(({ address, event, id }) => runtime.send(address, event as never, { id, sender: 'chaos' })),
      )
    case 'fork':
      return runtime.fork(call.address, { at: call.at, key: call.key, sender: 'chaos' })
    case 'redrive':
      return redrive()
    case 'retain':
      return retain(call.ageMs ?? 0)
  }

  async function redrive(): Promise<void> {
    const { address, event } = call as Extract<LifeCall, { do: 'redrive' }>
    const { items } = await deadLetters.list(LOCAL, { open: true, address })
    const [letter] = items
    if (letter) await deadLetters.redrive(LOCAL, letter.id, event as never)
  }

  async function retain(ageMs: number): Promise<boolean> {
    const policy = {
      events: ageMs,
      history: ageMs,
      letters: ageMs,
      evidence: ageMs,
      // What young entries of the audit say stays said: the database refuses to remove them.
      audit: null,
      requests: ageMs,
    }
    const retention = createRetention({ runtime, policy, log: createLog('silent') })
    return (await retention.pass()) !== undefined
  }
}
