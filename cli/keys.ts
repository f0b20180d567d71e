import type { Command } from 'commander'
import { z } from 'zod'
import { type Config, readConfig } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { PLATFORM, ROLES } from '../core/principal.ts'
import { listKeys } from '../db/keys.ts'
import { lookInto, orByUrl, withPlatform } from './open.ts'
import { refusal } from './refusal.ts'
import { askServer } from './server.ts'

const Key = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  team: z.string(),
  hint: z.string().nullable(),
  lastUsedAt: z.coerce.date().nullable(),
  expiresAt: z.coerce.date().nullable(),
  revokedAt: z.coerce.date().nullable(),
})
type Key = z.infer<typeof Key>
const NewKey = z.object({ id: z.string(), key: z.string() })
type NewKey = z.infer<typeof NewKey>

interface Terms {
  name: string
  role: (typeof ROLES)[number]
  team?: string | undefined
  expiresAt?: Date | undefined
}

/** Keys as the commands change them, over HTTP or in the database itself. */
interface KeyStore {
  create(terms: Terms): Promise<NewKey>
  rotate(id: string, graceMs: number): Promise<NewKey>
  revoke(id: string): Promise<void>
}

interface Where {
  url?: string
  key?: string
}

/** `troupe keys …`: on a running platform with `--url` and an administrator's key, else in the database that the environment names. */
export function addKeyCommands(program: Command): void {
  const keys = program.command('keys').description('API keys')
  const on = (command: Command): Command =>
    command
      .option('--url <url>', 'a running platform; default: the database that the environment describes')
      .option('--key <key>', 'API key of an administrator', process.env['TROUPE_API_KEY'])

  on(keys.command('list').description('Keys, without the keys themselves')).action(async ({ url, key }: Where) => {
    const all =
      url === undefined
        ? await orByUrl(() => lookInto(environment(), (sql) => listKeys(sql, null)))
        : await overHttp(url, key).list()
    for (const one of all) process.stdout.write(`${lineOf(one)}\n`)
  })
  on(keys.command('create').description('Makes a key and prints it, this once'))
    .requiredOption('--name <name>', 'whose it is')
    .requiredOption('--role <role>', ROLES.join(', '))
    .option('--team <team>', 'default: default, or the team of the key')
    .option('--expires <time>', 'when it ends by itself, for example 2027-01-31T00:00:00Z')
    .action((options: Where & { name: string; role: string; team?: string; expires?: string }) =>
      withKeys(options, async (store) => {
        const { name, team, expires } = options
        const role = z.enum(ROLES).safeParse(options.role)
        if (!role.success) throw new AppError('config.invalid', `--role: expected one of ${ROLES.join(', ')}`)
        print(await store.create({ name, role: role.data, team, expiresAt: timeOf(expires) }))
      }),
    )
  on(keys.command('rotate').description('Puts a new key in the place of one and prints it, this once'))
    .argument('<id>')
    .option('--grace <hours>', 'how long the old one stays good', '24')
    .action((id: string, options: Where & { grace: string }) =>
      withKeys(options, async (store) => {
        const hours = Number(options.grace)
        if (!(hours >= 0 && hours <= 720)) throw new AppError('config.invalid', '--grace: expected 0 to 720 hours')
        print(await store.rotate(id, Math.round(hours * 3_600_000)))
      }),
    )
  on(keys.command('revoke').description('Ends a key and its sessions, within a second everywhere'))
    .argument('<id>')
    .action((id: string, options: Where) =>
      withKeys(options, async (store) => {
        await store.revoke(id)
        process.stdout.write(`${id} revoked\n`)
      }),
    )
}

async function withKeys({ url, key }: Where, work: (store: KeyStore) => Promise<void>): Promise<void> {
  if (url !== undefined) return work(overHttp(url, key))
  await orByUrl(() =>
    withPlatform(environment(), ({ keys }) =>
      work({
        create: async (terms) => told(await keys.create(PLATFORM, terms)),
        rotate: async (id, graceMs) => told(await keys.rotate(PLATFORM, id, { graceMs })),
        revoke: (id) => keys.revoke(PLATFORM, id),
      }),
    ),
  )
}

function environment(): Config {
  return readConfig({ LOG_LEVEL: 'warn', ...process.env })
}

function overHttp(base: string, key: string | undefined): KeyStore & { list(): Promise<Key[]> } {
  async function ask(method: string, path: string, body?: object): Promise<unknown> {
    const response = await askServer(base, `/v1/keys${path}`, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    })
    if (!response.ok) throw new AppError('config.invalid', await refusal(base, response))
    const text = await response.text()
    return text === '' ? undefined : JSON.parse(text)
  }
  return {
    create: async (terms) => NewKey.parse(await ask('POST', '', terms)),
    list: async () => z.object({ items: z.array(Key) }).parse(await ask('GET', '')).items,
    rotate: async (id, graceMs) => NewKey.parse(await ask('POST', `/${encodeURIComponent(id)}/rotate`, { graceMs })),
    revoke: async (id) => {
      await ask('DELETE', `/${encodeURIComponent(id)}`)
    },
  }
}

function told({ key, view }: { key: string; view: { id: string } }): NewKey {
  return { id: view.id, key }
}

/** The key alone on stdout, so that it can be piped to where secrets are kept. */
function print({ id, key }: NewKey): void {
  process.stderr.write(`${id}: keep this, it is told once\n`)
  process.stdout.write(`${key}\n`)
}

function lineOf({ id, hint, team, role, name, lastUsedAt, expiresAt, revokedAt }: Key): string {
  const ended = revokedAt ?? (expiresAt !== null && expiresAt.getTime() <= Date.now() ? expiresAt : null)
  const state = ended ? `ended ${ended.toISOString()}` : expiresAt ? `until ${expiresAt.toISOString()}` : 'good'
  const used = lastUsedAt ? `used ${lastUsedAt.toISOString()}` : 'never used'
  return [id, `${hint ?? '        '}…`, team, role.padEnd(8), state, used, name].join('  ')
}

function timeOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const time = new Date(text)
  if (Number.isNaN(time.getTime()))
    throw new AppError('config.invalid', '--expires: expected a time, as 2027-01-31T00:00:00Z')
  return time
}
