import { parseArgs } from 'node:util'

export interface Options {
  quick: boolean
  json: boolean
  /** Rows and questions whose name contains one of these; empty: all. */
  only: string[]
  /** Draws a result instead of measuring. */
  chart: string | undefined
}

export const USAGE = `npm run bench -- [options]

  --quick          smaller and shorter: under four minutes, rougher figures
  --json           the last line of stdout is one JSON object; everything else goes to stderr
  --only <names>   rows and questions whose name contains one of these words, separated by commas
  --chart <file>   draws docs/images/bench.svg from a result in bench/results/, measures nothing
`

/** Throws on what it does not know. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      chart: { type: 'string' },
    },
  })
  const only = values.only
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
  return { quick: values.quick, json: values.json, only, chart: values.chart }
}

/** Whether `--only` asks for it. */
export function isWanted(name: string, only: readonly string[]): boolean {
  return only.length === 0 || only.some((word) => name.includes(word))
}
