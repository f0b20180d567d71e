import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import type { HeldDevice, Tool } from '../../core/tool.ts'
import { createToolCatalog, createTools } from '../../tools/catalog.ts'
import { serve } from '../tools/servers.ts'
import { toolCall } from '../tools/tool-call.ts'
import { addresses, REBOUND } from './corpus/addresses.ts'
import { toolAnswers } from './corpus/tool-answers.ts'

const resolve = async (name: string): Promise<string[]> => [REBOUND[name] ?? '127.0.0.1']

function toolsFor(allowedHosts: string[]): (id: string) => Tool {
  const catalog = createToolCatalog(createTools({ allowedHosts, resolve }))
  return (id) => {
    const tool = catalog.find(id)
    if (!tool) throw new Error(`there is no ${id}`)
    return tool
  }
}

describe('a tool', () => {
  it('goes nowhere but where it may, however the address is spelt or its name resolved', {
    timeout: 120_000,
  }, async () => {
    const server = await serve((_request, response) => response.end('you should not be here'))
    const named = Object.keys(REBOUND).flatMap((host) => [host, `*.${host}`])
    const find = toolsFor(['allowed.test', ...named])
    const faults: string[] = []
    for (const url of addresses(server.port)) {
      for (const id of ['http.get', 'http.request']) {
        const fault = await outcomeOf(find(id), { url })
        if (fault !== 'tool.address_refused' && fault !== 'tool.bad_input' && fault !== 'input')
          faults.push(`${id} ${url.slice(0, 80)}: ${fault}`)
      }
    }
    expect(faults).toEqual([])
    expect(server.connections).toBe(0)
  })

  it('takes what it hears for data: a result in its own shape, or an error with a code', {
    timeout: 120_000,
  }, async () => {
    const answers = toolAnswers()
    const server = await serve(({ url = '' }, response) => {
      const { status, headers, body } = answers[Number(/\/n(\d+)/.exec(url)?.[1])] ?? {
        status: 500,
        headers: {},
        body: '',
      }
      response.writeHead(status, headers)
      response.end(status === 204 || status === 304 ? undefined : body)
    })
    const find = toolsFor([`127.0.0.1:${server.port}`])
    const prototype = Object.getOwnPropertyNames(Object.prototype)
    const faults: string[] = []
    for (const [at, { name }] of answers.entries()) {
      const url = `${server.url}/n${at}`
      const device = { id: 'stb-8', kind: 'stb', gateway: `${url}/`, token: 7 }
      const told = [
        ['http.get', await outcomeOf(find('http.get'), { url })],
        ['device.info', await outcomeOf(find('device.info'), {}, device)],
        ['device.press', await outcomeOf(find('device.press'), { key: 'HOME' }, device)],
        ['device.screenshot', await outcomeOf(find('device.screenshot'), {}, device)],
      ] as const
      for (const [id, outcome] of told) if (!RIGHT.test(outcome)) faults.push(`${id}, ${name}: ${outcome}`)
    }
    expect(faults).toEqual([])
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(prototype)
  })
})

const RIGHT = /^(done|output|tool\.\w+|device\.\w+|lock\.stale_token)$/

/** `done`, the code of its error, or in words what else happened. */
async function outcomeOf(tool: Tool, input: unknown, device?: HeldDevice): Promise<string> {
  const parsed = tool.input.safeParse(input)
  if (!parsed.success) return 'input'
  try {
    const output = await tool.call(parsed.data, toolCall(device === undefined ? {} : { device }))
    if (!z.json().safeParse(output).success) return 'done, with what is no JSON'
    // What does not fit its schema, the executor refuses by a code of its own.
    return tool.output.safeParse(output).success ? 'done' : 'output'
  } catch (error) {
    return error instanceof AppError ? error.code : String(error)
  }
}
