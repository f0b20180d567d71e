import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** A table of our own: nobody else's rules are touched, and it goes with us. */
const TABLE = `troupe_chaos_${process.pid}`

/** Why no packets can be lost here; undefined: they can. */
export function cannotDrop(): string | undefined {
  const made = spawnSync('nft', ['add', 'table', 'inet', TABLE], { stdio: 'ignore' }).status === 0
  if (made) spawnSync('nft', ['delete', 'table', 'inet', TABLE], { stdio: 'ignore' })
  return made ? undefined : 'nft is not installed (Debian: nftables), or may not drop packets'
}

/** Drops so many of a hundred packets to and from these TCP ports, until stopped. */
export async function losePackets(
  ports: readonly number[],
  percent: number,
): Promise<{ lost(): number; stop(): Promise<void> }> {
  const set = `{ ${ports.join(', ')} }`
  const drop = `numgen random mod 100 < ${percent} counter drop`
  const end = (): unknown => spawnSync('nft', ['delete', 'table', 'inet', TABLE], { stdio: 'ignore' })
  process.once('exit', end)
  const rules = ['type filter hook input priority 0', `tcp dport ${set} ${drop}`, `tcp sport ${set} ${drop}`]
  await run('nft', [`table inet ${TABLE} {\n chain way {\n${rules.map((rule) => `${rule};\n`).join('')}}\n}`])
  let lost = 0
  return {
    lost: () => lost,
    async stop() {
      const { stdout } = await run('nft', ['list', 'table', 'inet', TABLE])
      lost = [...stdout.matchAll(/packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0)
      end()
      process.off('exit', end)
    },
  }
}
