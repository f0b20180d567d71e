import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusal } from '../../cli/refusal.ts'
import { replayActors } from '../../cli/replay.ts'
import { readConfig } from '../../core/config.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const KEY = `trp_${'k'.repeat(40)}`

describe('a command that a server refuses', () => {
  let platform: TestPlatform

  beforeAll(async () => {
    platform = await startPlatform({ apiKey: KEY })
  })
  afterAll(() => platform.stop())

  const replay = (address: string, key?: string) => replayActors(readConfig({}), { address, url: platform.url, key })

  it('says in the sentence of the server what is wrong, and nothing of its format', async () => {
    await expect(replay('run/nope', KEY)).rejects.toThrow(/^http:\S+ answered 404: There is no actor run\/nope$/)
    await expect(replay('run/nope')).rejects.toThrow(/ answered 401: This server needs a key: /)
  })

  it('shows what something else said, where that is no answer of a platform', async () => {
    const page = new Response('<h1>Bad gateway</h1>', { status: 502 })
    expect(await refusal('http://proxy', page)).toBe('http://proxy answered 502: <h1>Bad gateway</h1>')
  })
})
