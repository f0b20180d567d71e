import { z } from 'zod'

const Env = z.object({
  LAB_PORT: z.coerce.number().int().min(0).max(65_535).default(3100),
  LAB_HOST: z.string().min(1).default('127.0.0.1'),
  LAB_URL: z.url().optional(),
  LAB_SPEED: z.coerce.number().min(0.1).max(1000).default(1),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  TROUPE_URL: z.url().optional(),
  TROUPE_KEY: z.string().min(1).optional(),
})

export interface LabConfig {
  /** 0 takes any free port. */
  port: number
  host: string
  /** How others reach the lab, when that is not the address it listens on (containers, proxies). */
  publicUrl: string | undefined
  /** How many times faster than real time detector rules and reboots run. */
  speed: number
  logLevel: string
  /** Where alerts and registrations go; absent: the lab keeps them to itself. */
  platform: { url: string; key: string | undefined } | undefined
}

/** Throws with every wrong variable named. An empty variable counts as absent, as compose files write it. */
export function parseConfig(env: NodeJS.ProcessEnv): LabConfig {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const result = Env.safeParse(present)
  if (!result.success) throw new Error(`bad configuration\n${z.prettifyError(result.error)}`)
  const { LAB_PORT, LAB_HOST, LAB_URL, LAB_SPEED, LOG_LEVEL, TROUPE_URL, TROUPE_KEY } = result.data
  return {
    port: LAB_PORT,
    host: LAB_HOST,
    publicUrl: LAB_URL,
    speed: LAB_SPEED,
    logLevel: LOG_LEVEL,
    platform: TROUPE_URL === undefined ? undefined : { url: TROUPE_URL, key: TROUPE_KEY },
  }
}
