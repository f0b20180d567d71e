import { Command } from 'commander'
import { type Config, readConfig } from '../core/config.ts'
import { backUp, restore } from './backup.ts'
import { checkMachines, describeVerdicts, leavesBehind } from './deploy-check.ts'
import { describeFindings, examine } from './doctor.ts'
import { addKeyCommands } from './keys.ts'
import { endWith } from './process.ts'
import { replayActors } from './replay.ts'

/** `npm run troupe -- <command>`. */

/** Commands answer on stdout; what goes well on the way is not worth a line. */
const quietConfig = (): Config => readConfig({ LOG_LEVEL: 'warn', ...process.env })

const program = new Command('troupe').description(
  'A durable actor runtime for XState machines, and agents for device labs',
)

program
  .command('replay')
  .description('Replays the history of an actor through its machine and compares the result with what is stored')
  .argument('[address]', 'the actor, for example agent/stb-doctor')
  .option('--all', 'every actor')
  .option('--url <url>', 'a running platform; default: the one that the environment describes, else its database')
  .option('--key <key>', 'API key', process.env['TROUPE_API_KEY'])
  .action(async (address: string | undefined, options: { all?: boolean; url?: string; key?: string }) => {
    if ((address === undefined) === (options.all !== true)) program.error('Name one actor, or say --all.')
    const config = quietConfig()
    const { checked, different } = await replayActors(config, { address, url: options.url, key: options.key })
    process.stdout.write(`${checked} replayed, ${different.length} different from what is stored\n`)
    for (const line of different) process.stdout.write(`${line}\n`)
    process.exitCode = different.length === 0 ? 0 : 1
  })

program
  .command('machines')
  .description('The machines of this build, and those of TROUPE_MACHINES')
  .command('check')
  .description(
    'Tells before a deploy, for every state that living actors are in, whether these machines go on with it, and how many actors that is',
  )
  .action(async () => {
    const verdicts = await checkMachines(quietConfig())
    process.stdout.write(describeVerdicts(verdicts))
    process.exitCode = leavesBehind(verdicts) ? 1 : 0
  })

program
  .command('backup')
  .description(
    'Writes everything in the database, as it is at one moment, into one file; platforms may go on meanwhile',
  )
  .argument('<file>', 'where to; replaced only when the new one is complete')
  .action(async (file: string) => {
    process.stdout.write(await backUp(quietConfig(), file))
  })

program
  .command('restore')
  .description(
    'Puts a backup into an empty database (DATABASE_URL) or folder (TROUPE_DATA_DIR) and brings it to this version',
  )
  .argument('<file>', 'what `backup` wrote')
  .option('--check', 'only reads the file to its end and proves it')
  .action(async (file: string, options: { check?: boolean }) => {
    process.stdout.write(await restore(quietConfig(), file, options.check === true))
  })

program
  .command('doctor')
  .description('Looks at the database, at Redis and at the work in them, and says what to do; changes nothing')
  .option('--json', 'for programs')
  .action(async (options: { json?: boolean }) => {
    const findings = await examine(quietConfig())
    process.stdout.write(options.json === true ? `${JSON.stringify(findings, null, 2)}\n` : describeFindings(findings))
    // A warning is not a reason to wake somebody.
    process.exitCode = findings.some(({ level }) => level === 'problem') ? 1 : 0
  })

addKeyCommands(program)

program.parseAsync().catch(endWith)
