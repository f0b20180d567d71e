import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): Promise<string> => readFile(`${root}${file}`, 'utf8')

const Service = z.looseObject({
  image: z.string(),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  networks: z.array(z.string()),
  healthcheck: z.unknown().optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.literal('service_healthy') })).default({}),
  read_only: z.boolean().default(false),
})
const Compose = z.looseObject({
  services: z.object({ api: Service, worker: Service, postgres: Service, redis: Service }),
  networks: z.object({ backend: z.object({ internal: z.literal(true) }), outside: z.looseObject({}) }),
})

async function services(): Promise<z.infer<typeof Compose>['services']> {
  return Compose.parse(parse(await read('docker-compose.yml'), { merge: true })).services
}

it('gives api and worker one image and one role each, after their stores are healthy', async () => {
  const { api, worker, postgres, redis } = await services()
  expect([api.image, worker.image, postgres.image, redis.image]).toEqual(['troupe', 'troupe', 'postgres:18', 'redis:7'])
  expect([api.environment.TROUPE_ROLES, worker.environment.TROUPE_ROLES]).toEqual(['api', 'worker'])
  for (const service of [api, worker]) {
    expect(Object.keys(service.depends_on)).toEqual(['postgres', 'redis'])
    expect(service.read_only).toBe(true)
  }
  expect([postgres, redis].every((service) => service.healthcheck !== undefined)).toBe(true)
})

it('publishes the api to this machine only, and the stores to nobody', async () => {
  const { api, worker, postgres, redis } = await services()
  expect(api.ports).toEqual(['127.0.0.1:3000:3000'])
  expect([worker, postgres, redis].flatMap((service) => service.ports)).toEqual([])
  expect([postgres.networks, redis.networks]).toEqual([['backend'], ['backend']])
})

it('keeps what is acknowledged, and evicts no job', async () => {
  const { postgres, redis } = await services()
  expect(postgres.command).toEqual(expect.arrayContaining(['synchronous_commit=on', 'fsync=on']))
  expect(redis.command.join(' ')).toContain('--appendonly yes --maxmemory-policy noeviction')
})

it('sets only variables that the platform reads', async () => {
  const config = await read('core/config.ts')
  const { api, worker } = await services()
  const image = [...(await read('Dockerfile')).matchAll(/^ENV (.+)$/gm)].flatMap(([, line = '']) =>
    line.split(' ').map((pair) => pair.split('=')[0] ?? ''),
  )
  const used = new Set([...Object.keys(api.environment), ...Object.keys(worker.environment), ...image])
  // Libraries read this one, not we.
  used.delete('NODE_ENV')
  expect([...used].filter((name) => !new RegExp(`\\b${name}\\b`).test(config))).toEqual([])
})

it('builds an image that runs as an ordinary user on the Node of the tests', async () => {
  const dockerfile = await read('Dockerfile')
  const manifest = z
    .object({ devDependencies: z.object({ node: z.string() }) })
    .parse(JSON.parse(await read('package.json')))
  const major = /\d+/.exec(manifest.devDependencies.node)?.[0]
  const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)
  expect(new Set(images)).toEqual(new Set([`node:${major}-slim`]))
  expect(dockerfile).toMatch(/^USER node$/m)
  expect(dockerfile).toContain('npm ci --omit=dev')
})
