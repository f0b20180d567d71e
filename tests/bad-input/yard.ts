import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { afterAll, beforeAll, expect } from 'vitest'
import { setup } from 'xstate'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { SIGNING } from './corpus/signatures.ts'
import { type Ask, type Item, mustKeepRows } from './item.ts'
import { faultOf } from './judge.ts'
import { type Answer, createSender } from './send.ts'

const AT_ONCE = 16

/** A machine of a host, to be written to. */
const thing = setup({}).createMachine({
  id: 'thing',
  version: '1',
  initial: 'idle',
  context: { seen: 0 },
  states: { idle: { on: { GO: 'busy' } }, busy: { on: { BACK: 'idle' } } },
})

export interface Yard {
  readonly url: string
  readonly at: TestPlatform
  /** The header of the administrator of `default`, as a line. */
  readonly keyLine: string
  /** As the administrator of the team `default`. */
  send(ask: Ask): Promise<Answer>
  /** Sends all, and gives back a line for every one that was not answered as it should. */
  shoot(items: readonly Item[]): Promise<string[]>
}

/**
 * One real platform for a test file, with something of everything in it: an agent and its instance, an actor of a
 * host's machine, a device, an event, an alert; and the same in a second team, which `default` must not see.
 */
export function openYard(): Yard {
  const rootKey = `trp_${randomBytes(24).toString('hex')}`
  const open: { at?: TestPlatform; sender?: ReturnType<typeof createSender>; sql?: postgres.Sql } = {}
  const slow: { ms: number; name: string }[] = []
  let shots = 0

  beforeAll(async () => {
    const at = await startPlatform({ apiKey: rootKey, machines: { thing } })
    open.at = at
    open.sender = createSender(at.url)
    open.sql = postgres(at.database.url, { max: 1, onnotice: () => undefined })
    await furnish(at)
    await eventually(
      'all mail to be read',
      async () => {
        const [row] = await open.sql!<{ count: string }[]>`select count(*) from mailbox`
        return row?.count === '0'
      },
      { timeoutMs: 60_000 },
    )
  }, 180_000)
  afterAll(async () => {
    const slowest = slow.sort((a, b) => b.ms - a.ms).slice(0, 10)
    if (shots > 0)
      console.log(
        `${shots} items; slowest:`,
        slowest.map(({ ms, name }) => `${Math.round(ms)} ms ${name}`),
      )
    open.sender?.close()
    await open.sql?.end()
    await open.at?.stop()
  }, 60_000)

  async function send(ask: Ask): Promise<Answer> {
    return open.sender!.send({ ...ask, headers: { authorization: `Bearer ${rootKey}`, ...ask.headers } })
  }

  async function one(item: Item): Promise<string | undefined> {
    const name = `class ${item.class}, ${item.name} (${item.ask.method} ${item.ask.path.slice(0, 100)})`
    try {
      const answer = await send(item.ask)
      slow.push({ ms: answer.ms, name })
      const fault = faultOf(item, answer)
      return fault && `${name}: ${fault}`
    } catch (error) {
      return `${name}: no answer, ${error instanceof Error ? error.message : String(error)}`
    }
  }

  async function all(items: readonly Item[]): Promise<string[]> {
    const faults: string[] = []
    const queue = items.values()
    const shooter = async (): Promise<void> => {
      for (const item of queue) {
        const fault = await one(item)
        if (fault !== undefined) faults.push(fault)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, shooter))
    shots += items.length
    return faults
  }

  /** The rows of every table, as one number a table: any that came, went or changed shows. */
  async function ledger(): Promise<Record<string, string>> {
    const sql = open.sql!
    const tables = await sql<{ name: string }[]>`
      select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> all(${MOVING})
      order by relname`
    const counted = await Promise.all(
      tables.map(async ({ name }) => {
        const [row] = await sql<{ told: string }[]>`
          select count(*) || ' rows, ' || coalesce(sum(hashtext(one::text)), 0) as told from ${sql(name)} as one`
        return [name, row?.told ?? ''] as const
      }),
    )
    return Object.fromEntries(counted)
  }

  /** Who changed a row? Asked one after another, and only after something did. */
  async function culprits(items: readonly Item[]): Promise<string[]> {
    for (const item of items) {
      const before = await ledger()
      await one(item)
      const after = await ledger()
      const moved = movedBetween(before, after)
      if (moved.length > 0) return [`${item.name} (class ${item.class}) changed ${moved.join(', ')}`]
    }
    return []
  }

  return {
    get url() {
      return open.at!.url
    },
    get at() {
      return open.at!
    },
    keyLine: `Authorization: Bearer ${rootKey}`,
    send,
    async shoot(items) {
      const refused = items.filter(mustKeepRows)
      const before = await ledger()
      const faults = await all(refused)
      const after = await ledger()
      const moved = movedBetween(before, after)
      if (moved.length > 0) faults.push(`rows of ${moved.join(', ')} changed`, ...(await culprits(refused)))
      faults.push(...(await all(items.filter((item) => !mustKeepRows(item)))))
      const ready = await send({ method: 'GET', path: '/readyz' })
      if (ready.status !== 200) faults.push(`afterwards /readyz says ${ready.status}: ${ready.body}`)
      return faults
    },
  }
}

function movedBetween(before: Record<string, string>, after: Record<string, string>): string[] {
  return Object.keys(after).filter((name) => after[name] !== before[name])
}

/** Stands in what belongs to the team `other`, and nowhere else. */
export const CANARY = 'canary-5b1f0c'

/** Tables that move by themselves, or because somebody asked at all. */
const MOVING = ['pgmigrations', 'api_keys', 'idempotency_keys', 'audit_seals', 'housekeeping', 'allowances']

/** Names that the corpus may use: each exists, in the team `default` and again in the team `other`. */
export const KNOWN = {
  agent: 'yard',
  instance: 'yard',
  actor: 'thing/one',
  device: 'stb-1',
  theirs: { agent: 'theirs', actor: 'thing/theirs', device: 'stb-9' },
} as const

async function furnish(at: TestPlatform): Promise<void> {
  const { key } = await at.post<{ key: string }>('/v1/keys', { name: 'neighbour', role: 'admin', team: 'other' })
  for (const [mine, headers] of [
    [true, {}],
    [false, { authorization: `Bearer ${key}` }],
  ] as const) {
    const agent = mine ? KNOWN.agent : KNOWN.theirs.agent
    const calls = [
      ['POST', '/v1/agents?publish=true', definitionOf(agent, mine ? '' : CANARY)],
      ['POST', '/v1/instances', { agent }],
      ['PUT', `/v1/actors/${mine ? KNOWN.actor : KNOWN.theirs.actor}`, { input: null }],
      [
        'PUT',
        `/v1/devices/${mine ? KNOWN.device : KNOWN.theirs.device}`,
        { kind: 'stb', pool: 'paris', host: 'lab', gateway: 'http://127.0.0.1:9/', connectivity: 'online' },
      ],
      ['POST', '/v1/events', { type: 'yard.opened', id: mine ? 'ours' : 'theirs', data: mine ? null : CANARY }],
      [
        'POST',
        '/v1/alerts',
        {
          kind: 'freeze',
          device: 'stb-1',
          fingerprint: mine ? 'fp-ours' : 'fp-theirs',
          labels: mine ? {} : { secret: CANARY },
        },
      ],
    ] as const
    const signing = SIGNING.map(
      ({ id, scheme, secret }) => ['PUT', `/v1/sources/${id}`, { kind: 'manual', scheme, secret }] as const,
    )
    for (const [method, path, body] of [...calls, ...(mine ? signing : [])]) {
      const response = await at.request(method, path, body, headers)
      expect([path, response.status, response.ok ? '' : await response.text()]).toEqual([path, response.status, ''])
      await response.body?.cancel()
    }
  }
}

function definitionOf(id: string, description: string): object {
  return {
    metadata: { id, name: `Agent ${id}`, version: '1.0.0', description },
    triggers: [{ name: 'heard', on: ['yard.never'] }],
    skills: ['wait'],
    playbook: { steps: [{ id: 'pause', uses: 'wait', with: { for: '10ms' } }] },
  }
}
