/**
 * Starts the simulated lab: `node examples/lab/main.ts`. Prints `{"lab":"<url>"}` once it listens, tells a
 * parent process the same over IPC, and ends with its parent or on SIGTERM.
 */
import { pino } from 'pino'
import { systemClock } from './clock.ts'
import { parseConfig } from './config.ts'
import { startLab } from './lab.ts'

const config = parseConfig(process.env)
// Stdout carries the one line that others read; everything else goes to stderr.
const log = pino({ name: 'lab', level: config.logLevel }, pino.destination(2))
const lab = await startLab({ config, clock: systemClock, log })

let stopping = false
async function stop(reason: string): Promise<void> {
  if (stopping) return
  stopping = true
  log.info({ reason }, 'lab stopping')
  await lab.stop()
  process.exit(0)
}

process.once('SIGTERM', () => void stop('SIGTERM'))
process.once('SIGINT', () => void stop('SIGINT'))
process.stdout.write(`${JSON.stringify({ lab: lab.url })}\n`)
if (process.send) {
  process.once('disconnect', () => void stop('parent gone'))
  // A parent that left while the lab was starting sends no event any more.
  if (process.connected) process.send({ lab: lab.url })
  else void stop('parent gone')
}
