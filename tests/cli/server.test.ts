import { createServer } from 'node:http'
import { expect, it } from 'vitest'
import { freePort, troupe } from '../scenarios/programs.ts'

const COMMANDS = [
  ['keys', 'list'],
  ['replay', '--all'],
]

it.each(COMMANDS)('%s %s says which server is away, and what to do', { timeout: 60_000 }, async (...command) => {
  const url = `http://127.0.0.1:${await freePort()}`
  const { code, text } = await troupe([...command, '--url', url], {})
  expect([code, text]).toEqual([2, expect.stringMatching(/^troupe: [^\n]*ECONNREFUSED[^\n]*--url[^\n]*\n$/)])
  expect(text).toContain(url)
})

it.each(COMMANDS)('%s %s says what answered when it is no platform', { timeout: 60_000 }, async (...command) => {
  const other = createServer((_, response) => response.writeHead(502).end('<html>Bad gateway</html>'))
  const url = await new Promise<string>((resolve) =>
    other.listen(0, '127.0.0.1', () => {
      const at = other.address()
      resolve(`http://127.0.0.1:${typeof at === 'object' && at ? at.port : 0}`)
    }),
  )
  const { code, text } = await troupe([...command, '--url', url], {})
  other.close()
  expect(code).not.toBe(0)
  expect(text).toMatch(/^troupe: http:[^\n]* answered 502: <html>[^\n]*\n$/)
})
