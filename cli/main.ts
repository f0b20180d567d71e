import { Command } from 'commander'
import { readConfig } from '../core/config.ts'
import { checkMachines, describeVerdicts } from './deploy-check.ts'
import { endWith } from './process.ts'
import { replayActors } from './replay.ts'

/** `npm run troupe -- <command>`. */

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
    const config = readConfig({ LOG_LEVEL: 'warn', ...process.env })
    const { checked, different } = await replayActors(config, { address, url: options.url, key: options.key })
    process.stdout.write(`${checked} replayed, ${different.length} different from what is stored\n`)
    for (const line of different) process.stdout.write(`${line}\n`)
    process.exitCode = different.length === 0 ? 0 : 1
  })

program
  .command('machines')
  .description('The machines of this build')
  .command('check')
  .description(
    'Tells before a deploy, for every state that living actors are in, whether these machines go on with it, and how many actors that is',
  )
  .action(async () => {
    const verdicts = await checkMachines(readConfig({ LOG_LEVEL: 'warn', ...process.env }))
    process.stdout.write(describeVerdicts(verdicts))
    // Actors that would be parked are a reason not to deploy.
    process.exitCode = verdicts.some(({ outcome }) => outcome === 'parks') ? 1 : 0
  })

program.parseAsync().catch(endWith)
