import { boot } from './cli/boot.ts'
import { endWith, onEnd } from './cli/process.ts'
import { readConfig, secretsOf } from './core/config.ts'
import { createLog } from './core/log.ts'

try {
  const config = readConfig()
  const troupe = await boot(config, createLog(config.logLevel, process.stderr, secretsOf(config)))
  onEnd(() => troupe.stop())
  process.stdout.write(
    [
      '',
      `  Troupe is running:  ${troupe.url}`,
      '',
      ...(troupe.lab
        ? [`  The simulated lab:  ${troupe.lab}  (take a picture away there, and watch the STB Doctor bring it back)`]
        : []),
      `  The API, described: ${troupe.url}/docs`,
      '  Ctrl-C stops everything.',
      '',
      '',
    ].join('\n'),
  )
} catch (error) {
  endWith(error)
}
