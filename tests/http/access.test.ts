import { describe, expect, it } from 'vitest'
import { mayAct, ROLES } from '../../core/principal.ts'
import { ACCESS } from '../../http/door/access.ts'
import { call, KEYS, stubApp, stubPlatform } from './stub.ts'

const app = stubApp(stubPlatform({}, { keys: true }))
const names = Object.keys(ACCESS) as (keyof typeof ACCESS)[]
/** A path that fits: every parameter is 1, which is an id and a number. */
const concrete = (name: string): string => name.replaceAll(/:[a-z]+/g, '1')

describe('the access table', () => {
  it('names every route that is served, and no other', () => {
    const served = app.routes.map((route) => route.name)
    expect(served.toSorted()).toEqual(names.toSorted())
    expect(new Set(served).size).toBe(served.length)
  })

  it('lets nobody in without a key, except where it says public', async () => {
    for (const name of names) {
      const { response, body } = await call(app, concrete(name))
      if (ACCESS[name] === 'public') expect([name, response.status]).not.toEqual([name, 401])
      else expect([name, response.status, body.code]).toEqual([name, 401, 'auth.missing_key'])
    }
  })

  it('lets a key do what its role may, and nothing else', async () => {
    for (const name of names) {
      const least = ACCESS[name]
      if (least === 'public') continue
      for (const role of ROLES) {
        const headers = { authorization: `Bearer ${KEYS[role]}` }
        const { response } = await call(app, concrete(name), { headers })
        const let_in = response.status !== 401 && response.status !== 403
        expect([name, role, let_in]).toEqual([name, role, mayAct({ name: '', team: '', role }, least)])
      }
    }
  })
})

describe('the API description', () => {
  it('describes every route, each with a summary and its answers', async () => {
    const { body } = await call(app, 'GET /openapi.json')
    expect(body.openapi).toBe('3.1.0')
    const paths = body.paths as Record<string, Record<string, { summary?: string; responses: object }>>
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => {
        expect(operation.summary).toBeTruthy()
        expect(Object.keys(operation.responses).length).toBeGreaterThan(1)
        return `${method.toUpperCase()} ${path.replaceAll(/\{([a-z]+)\}/g, ':$1')}`
      }),
    )
    expect(described.toSorted()).toEqual(names.filter((name) => !name.startsWith('OPTIONS ')).toSorted())
  })

  it('refers to nothing that it does not hold', async () => {
    const { body } = await call(app, 'GET /openapi.json')
    const held = Object.keys((body.components as { schemas: object }).schemas)
    const used = [...JSON.stringify(body).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name)
    expect(used.length).toBeGreaterThan(10)
    for (const name of used) expect(held).toContain(name)
  })
})
