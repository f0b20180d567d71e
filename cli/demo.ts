import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PNG } from 'pngjs'
import { type Config, readConfig } from '../core/config.ts'
import { createLog } from '../core/log.ts'
import { LOCAL } from '../core/principal.ts'
import { boot, type Troupe } from './boot.ts'
import { endWith } from './process.ts'

/** The main job, headless: a real blackscreen in the lab, found by its detector, and brought back by an agent. */

const DEVICE = 'stb-1'
const LIMIT_MS = 90_000
const json = process.argv.includes('--json')

interface Line {
  at: string
  actor: string
  event: string
  from: string
  to: string
}

interface Verdict {
  recovered: boolean
  alertToFirstToolMs: number | null
  alertToRecoveredMs: number | null
  events: number
  transitions: Line[]
  history: { replayed: boolean }
  problems: string[]
}

async function demo(config: Config): Promise<Verdict> {
  const troupe = await boot(config, createLog(config.logLevel))
  try {
    say(`platform ${troupe.url}, lab ${troupe.lab ?? 'off'}`)
    await registered(troupe)
    const ended = new AbortController()
    const timeout = AbortSignal.timeout(LIMIT_MS)
    const transitions: Line[] = []
    const watching = watch(troupe, transitions, ended, timeout)
    say(`taking the picture of ${DEVICE} away`)
    await fetch(`${troupe.lab}/devices/${DEVICE}/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'blackscreen' }),
    })
    await watching
    return await judge(troupe, transitions)
  } finally {
    await troupe.stop()
  }
}

/** Tells every step of the runs, the locks and the agents as it happens, until the device is given back. */
async function watch(troupe: Troupe, lines: Line[], ended: AbortController, timeout: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([ended.signal, timeout])
  let begun = false
  for await (const entry of troupe.platform.actors.follow(LOCAL, { cursor: null, signal })) {
    if (!/^(agent|run|lock|alert)\//.test(entry.address) || !entry.handled) continue
    const line = {
      at: entry.at.toISOString(),
      actor: entry.address,
      event: entry.event.type,
      from: words(entry.from),
      to: words(entry.to),
    }
    if (entry.address.startsWith('lock/') && entry.event.type === 'DEVICE') continue
    lines.push(line)
    say(`${line.at.slice(11, 23)}  ${line.actor.padEnd(24)} ${line.event.padEnd(34)} ${line.from} → ${line.to}`)
    begun ||= entry.address.startsWith('run/')
    const { event } = entry
    if (begun && entry.address.startsWith('agent/') && event.type.startsWith('xstate.done.actor.')) ended.abort()
  }
}

async function registered({ platform }: Troupe): Promise<void> {
  for (
    const limit = Date.now() + LIMIT_MS;
    Date.now() < limit;
    await new Promise((resolve) => setTimeout(resolve, 100))
  ) {
    const devices = await platform.devices.list(LOCAL)
    if (devices.some((device) => device.id === DEVICE && device.connectivity === 'online')) return
  }
  throw new Error(`${DEVICE} did not register`)
}

/** What counts is the device and the books, not what the agent says of itself. */
async function judge({ platform, lab }: Troupe, transitions: Line[]): Promise<Verdict> {
  const problems: string[] = []
  const check = (holds: boolean, problem: string): void => void (holds || problems.push(problem))

  const [run] = (await platform.runs.list(LOCAL, { device: DEVICE, limit: 1 })).items
  const details = run && (await platform.runs.get(LOCAL, run.id))
  const event = run && (await platform.events.get(LOCAL, run.event.id)).event
  check(run?.outcome === 'succeeded', `the run ended as ${run?.outcome ?? 'nothing'}: ${run?.reason ?? ''}`)

  const first = await frameOf(lab)
  await new Promise((resolve) => setTimeout(resolve, 500))
  const second = await frameOf(lab)
  check(brightness(second) > 10, `the picture is still black (brightness ${brightness(second).toFixed(1)})`)
  check(!first.equals(second), 'the picture does not move: a boot screen, or frozen')
  const journal = await commandsOf(lab)
  const cycles = journal.filter((command) => command.command === 'power_cycle')
  check(cycles.length === 1, `the device was power cycled ${cycles.length} times`)
  const device = await platform.devices.get(LOCAL, DEVICE)
  check(device.holder === null, `${DEVICE} is still held by ${device.holder?.ticket ?? ''}`)

  let replayed = true
  for (let after: string | undefined; ; ) {
    const page = await platform.actors.list(LOCAL, { limit: 200, ...(after === undefined ? {} : { after }) })
    for (const actor of page.items) {
      const { equal } = await platform.actors.replay(LOCAL, actor.address, Number.MAX_SAFE_INTEGER)
      if (equal) continue
      replayed = false
      problems.push(`${actor.address} does not replay to its state`)
    }
    if (page.next === null) break
    after = page.next
  }
  check((await platform.deadLetters.list(LOCAL, { open: true })).items.length === 0, 'there are dead letters')

  const begunAt = event ? Date.parse(event.receivedAt) : Number.NaN
  const firstTool = details?.steps[0]?.startedAt.getTime()
  const told = (await platform.events.list(LOCAL, { type: 'device.recovered', limit: 1 })).items[0]
  return {
    recovered: problems.length === 0,
    alertToFirstToolMs: firstTool === undefined ? null : firstTool - begunAt,
    alertToRecoveredMs: told ? Date.parse(told.receivedAt) - begunAt : null,
    events: (await platform.events.stats(LOCAL)).total,
    transitions,
    history: { replayed },
    problems,
  }
}

async function frameOf(lab: string | null): Promise<Buffer> {
  const response = await fetch(`${lab}/devices/${DEVICE}/screenshot`)
  return response.ok ? PNG.sync.read(Buffer.from(await response.arrayBuffer())).data : Buffer.alloc(4)
}

/** Mean luma of RGBA pixels, 0–255. */
function brightness(pixels: Buffer): number {
  const weights = [0.2126, 0.7152, 0.0722, 0]
  const sum = pixels.reduce((total, value, index) => total + value * (weights[index % 4] ?? 0), 0)
  return sum / (pixels.length / 4)
}

async function commandsOf(lab: string | null): Promise<{ command: string }[]> {
  const response = await fetch(`${lab}/devices/${DEVICE}/commands`)
  return ((await response.json()) as { commands: { command: string }[] }).commands
}

function words(value: unknown): string {
  if (value === null) return '∅'
  if (typeof value === 'string') return value
  return Object.entries(value as object)
    .map(([key, inner]) => `${key}.${words(inner)}`)
    .join(', ')
}

function say(line: string): void {
  if (json) process.stderr.write(`${line}\n`)
  else process.stdout.write(`${line}\n`)
}

// A database of its own unless told otherwise: the demo leaves nothing behind.
const own = process.env['TROUPE_DATA_DIR'] === undefined && process.env['DATABASE_URL'] === undefined
const dataDir = own ? await mkdtemp(join(tmpdir(), 'troupe-demo-')) : undefined
try {
  const defaults = { LOG_LEVEL: 'warn', TROUPE_LAB_SPEED: '10', ...process.env }
  const config = { ...readConfig(defaults), port: 0, lab: true, ...(dataDir === undefined ? {} : { dataDir }) }
  const verdict = await demo(config)
  const { problems, ...figures } = verdict
  for (const problem of problems) say(`✗ ${problem}`)
  if (verdict.recovered) say(`✓ ${DEVICE} shows a picture again, ${verdict.alertToRecoveredMs} ms after its alert`)
  if (json) process.stdout.write(`${JSON.stringify(problems.length === 0 ? figures : verdict)}\n`)
  if (dataDir) await rm(dataDir, { recursive: true, force: true })
  process.exit(verdict.recovered ? 0 : 1)
} catch (error) {
  if (dataDir) await rm(dataDir, { recursive: true, force: true })
  endWith(error)
}
