import { expect } from 'vitest'
import { z } from 'zod'
import type { Route } from '../../http/route/route.ts'
import type { TestPlatform } from '../support/platform.ts'
import { stubApp, stubPlatform } from './stub.ts'

export interface Ask {
  body?: unknown
  headers?: Record<string, string>
}

export interface Answered<Body> {
  body: Body
  headers: Headers
}

/** Asks `METHOD /path` and expects this status; holds every body to what the API description says about it. */
export type Client = <Body = Record<string, never>>(line: string, status: number, ask?: Ask) => Promise<Answered<Body>>

const { routes } = stubApp(stubPlatform())

export function createClient(running: Pick<TestPlatform, 'url'>, defaults: Record<string, string> = {}): Client {
  return async <Body>(line: string, status: number, { body, headers = {} }: Ask = {}) => {
    const [method = '', path = ''] = line.split(' ')
    const isText = typeof body === 'string'
    const sent: Record<string, string> = body === undefined || isText ? {} : { 'content-type': 'application/json' }
    const response = await fetch(`${running.url}${path}`, {
      method,
      headers: { ...sent, ...defaults, ...headers },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    expect(`${line} ${response.status} ${response.status === status ? '' : text}`.trim()).toBe(`${line} ${status}`)
    const isJson = response.headers.get('content-type')?.includes('json') ?? false
    const value: unknown = isJson ? JSON.parse(text) : text
    if (isJson) holdTo(routeOf(method, path), status, value)
    return { body: value as Body, headers: response.headers }
  }
}

/** An answer that is not described exactly is a hole in the description, or in the wall. */
function holdTo(route: Route, status: number, value: unknown): void {
  const answer = status < 400 ? route.answers[status] : undefined
  if (status < 400) expect([route.name, status, answer !== undefined]).toEqual([route.name, status, true])
  if (answer instanceof z.ZodType) {
    const { error } = answer.safeParse(value)
    expect(`${route.name} ${error ? z.prettifyError(error) : 'as described'}`).toBe(`${route.name} as described`)
  }
}

function routeOf(method: string, path: string): Route {
  const [bare = ''] = path.split('?')
  const found = routes.find((route) => {
    const [its = '', pattern = ''] = route.name.split(' ')
    return (
      its === method && new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll(/:[a-z]+/g, '[^/]+')}$`).test(bare)
    )
  })
  if (!found) throw new Error(`There is no route ${method} ${path}`)
  return found
}

/** A definition of an agent that hears `type` and does nothing about it but wait a moment. */
export function definition(id: string, options: { version?: string; on?: string; wait?: string } = {}): string {
  const { version = '1.0.0', on = 'test.happened', wait = '10ms' } = options
  return `# ${id}
metadata: { id: ${id}, name: Agent ${id}, version: ${version}, tags: [test] }
goal: { type: continuous, description: To be tested }
triggers:
  - { name: heard, on: [${on}] }
skills: [wait]
playbook:
  steps:
    - { id: pause, uses: wait, with: { for: ${wait} } }
`
}

export const YAML = { 'content-type': 'application/yaml' }
