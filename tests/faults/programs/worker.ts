/**
 * A runtime of its own process, to be killed, frozen and cut off by tests. Driven by lines of JSON on stdin, answers by
 * lines on stdout: `{"ready":true}` once started, then whatever its invocations report.
 */
import { createInterface } from 'node:readline'
import { createRuntime, type Role } from '../../../actors/runtime.ts'
import { createLog } from '../../../core/log.ts'
import { machines } from './machines.ts'

const [databaseUrl = '', redisUrl = '', roles = 'api,worker', leaseMs = '2000'] = process.argv.slice(2)
const runtime = await createRuntime({
  databaseUrl,
  ...(redisUrl === '' ? {} : { redisUrl }),
  roles: roles.split(',').filter((role): role is Role => role === 'api' || role === 'worker'),
  machines: machines((report) => say(report)),
  leaseMs: Number(leaseMs),
  log: createLog('error'),
})
await runtime.start()
createInterface({ input: process.stdin }).on('line', (line) => void obey(line))
process.once('SIGTERM', () => void runtime.stop().then(() => process.exit(0)))
// Last: whoever hears of it may end it at once.
say({ ready: true })

async function obey(line: string): Promise<void> {
  const { send, id } = JSON.parse(line) as { send: [string, { type: string }]; id: string }
  try {
    say({ sent: id, ...(await runtime.send(...send, { id })) })
  } catch (error) {
    say({ refused: id, error: String(error) })
  }
}

function say(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}
