import pLimit from 'p-limit'
import { z } from 'zod'
import { replay } from '../actors/past/replay.ts'
import type { Address } from '../core/address.ts'
import type { Config } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { LOCAL } from '../core/principal.ts'
import { listActors } from '../db/actors.ts'
import type { Sql } from '../db/client.ts'
import type { HostedMachine } from '../machines/host.ts'
import { hostOf } from './machines.ts'
import { lookInto, orByUrl } from './open.ts'
import { refusal } from './refusal.ts'
import { askServer } from './server.ts'

const PAGE = 200
/** An actor that is working has moved between the look at its revision and the replay up to it. */
const TRIES = 20

/** Replayed at a time; more would only wait for the database and for one thread. */
const AT_ONCE = 4

interface Subject {
  /** All of them, a page at a time. */
  pages(): AsyncIterable<Address[]>
  equal(address: Address): Promise<boolean>
}

/** Replays one actor, or all, through a running platform if there is one, else from its database. */
export async function replayActors(
  config: Config,
  wanted: { address: string | undefined; url: string | undefined; key: string | undefined },
): Promise<{ checked: number; different: Address[] }> {
  const url = wanted.url ?? `http://${config.host}:${config.port}`
  if (wanted.url !== undefined || (await answers(url))) return check(overHttp(url, wanted.key), wanted.address)
  const hosted = await hostOf(config)
  return orByUrl(() => lookInto(config, (sql) => check(inDatabase(sql, hosted), wanted.address)))
}

function inDatabase(sql: Sql, hosted: ReadonlyMap<string, HostedMachine>): Subject {
  return {
    async *pages() {
      for (let after = ''; ; ) {
        const page = (await listActors(sql, LOCAL.team, { limit: PAGE, after })).map(({ address }) => address)
        yield page
        if (page.length < PAGE) return
        after = page.at(-1) ?? after
      }
    },
    equal: async (address) => (await replay(sql, hosted, address)).equal === true,
  }
}

async function check(subject: Subject, only: string | undefined): Promise<{ checked: number; different: Address[] }> {
  const limit = pLimit(AT_ONCE)
  const different: Address[] = []
  let checked = 0
  for await (const page of only === undefined ? subject.pages() : [[only]]) {
    const equal = await limit.map(page, (address) => subject.equal(address))
    checked += page.length
    different.push(...page.filter((_, place) => !equal[place]))
  }
  return { checked, different }
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/livez`, { signal: AbortSignal.timeout(1_000) }).then(
    (response) => response.ok,
    () => false,
  )
}

const Page = z.object({ items: z.array(z.object({ address: z.string() })), nextCursor: z.string().nullable() })
const Latest = z.object({ revision: z.number() })
const Replayed = z.object({ equal: z.boolean().optional() })

function overHttp(url: string, key: string | undefined): Subject {
  async function get<Shape>(path: string, shape: z.ZodType<Shape>): Promise<Shape> {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
    const response = await askServer(url, path, { headers })
    if (!response.ok) throw new AppError('request.invalid', await refusal(`${url}${path}`, response))
    return shape.parse(await response.json())
  }
  return {
    async *pages() {
      for (let cursor: string | undefined; ; ) {
        const page = await get(
          `/v1/actors?limit=${PAGE}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
          Page,
        )
        yield page.items.map((actor) => actor.address)
        if (page.nextCursor === null) return
        cursor = page.nextCursor
      }
    },
    async equal(address) {
      const slash = address.indexOf('/')
      const path = `${address.slice(0, slash)}/${encodeURIComponent(address.slice(slash + 1))}`
      for (let tries = 1; ; tries++) {
        const { revision } = await get(`/v1/actors/${path}`, Latest)
        const { equal } = await get(`/v1/actors/${path}/replay?at=${revision}`, Replayed)
        if (equal !== undefined || tries === TRIES) return equal === true
      }
    },
  }
}
