import { type Ask, get, type Item, TAKEN_OR_REFUSED } from '../item.ts'
import { type Described, describedRoutes, pathOf } from '../openapi.ts'

/** Ids that are none, as they go over the wire. */
const BAD_IDS = [
  '%2f %00 %0a %0d%0aX-Evil:1 %ff %c0%af %E0%A4%A % %% %zz %u0041 .. . ..%2f..%2fadmin %2e%2e %252e%252e%252fadmin ..;/admin',
  '%5c..%5cadmin ;a=b %3fx=1 %23x -1 __proto__ %20 %09 %7f %e2%80%ae %f0%9f%92%a5 * %27 %22 <x> %3Cscript%3E ~root',
].flatMap((line) => line.split(' '))
const LONG = 'a'.repeat(4_096)

/** Whole paths that try to be another one. */
const PATHS = [
  '//v1/keys /v1//keys /v1/./keys /v1/../v1/keys /v1/agents/../keys /v1/agents/%2e%2e/keys /v1/agents/..%2fkeys /V1/KEYS /v1/keys/ /v1',
  '/v1/keys%00 /v1/keys%20 /v1/keys;x /v1/keys.json /v1/keys%2f /%76%31/keys /v1%2fkeys /.git/config /.env /docs/../package.json',
  '/assets/..%2f..%2fpackage.json /assets/%2e%2e/%2e%2e/main.ts /assets/....//main.ts /docs/%2e%2e%2fpackage.json /console/../main.ts',
  '/%00 /%ff /%E0%A4%A /% /a%2e%2e%5cb /metrics/.. /livez/x /openapi.json/x /v1/actors/a/b/c/d/e/f/g ///// /v1/events/types/x',
].flatMap((line) => line.split(' '))

/** What belongs to the team `other`; for `default` it is not there at all. */
const THEIRS = [
  'agents/theirs agents/theirs/versions agents/theirs/versions/1.0.0 agents/theirs/versions/1.0.0/export agents/theirs/metrics',
  'instances/theirs instances/other:theirs actors/thing/theirs actors/thing/theirs/history actors/thing/theirs/why actors/agent/other:theirs',
  'actors/thing/other:theirs actors/thing/other:theirs/mailbox alerts/fp-theirs events/theirs devices/stb-9 devices/other:stb-9',
  'actors/device/other:stb-9 actors/device/stb-9 actors/lock/other:paris pools/other:paris/queue actors/thing/theirs/replay?at=1',
].flatMap((line) => line.split(' '))
const THEIR_COMMANDS = [
  'instances/theirs/pause instances/theirs/stop instances/other:theirs/resume agents/theirs/versions/1.0.0/publish',
  'agents/theirs/versions/1.0.0/deprecate alerts/fp-theirs/ack alerts/fp-theirs/resolve alerts/fp-theirs/discard events/theirs/replay',
  'actors/thing/theirs/fork?at=1 devices/stb-9/maintenance devices/stb-9/kick devices/other:stb-9/kick devices/stb-9/vouch',
].flatMap((line) => line.split(' '))
const BODIES: Record<string, string> = {
  maintenance: '{"on":true}',
  kick: '{"reason":"mine"}',
  events: '{"type":"GO"}',
}

/** Places in a list that no list has. */
const CURSORS = [
  '0 -1 1.1 9223372036854775807 9223372036854775808 18446744073709551616 99999999999999999999.1 1.9223372036854775808 1e400 NaN',
  'bnVsbA== e30= %00 %ff 2026-01-01T00:00:00Z 0000-01-01T00:00:00Z,1 infinity,x 294277-01-01,1 thing/ /one __proto__',
].flatMap((line) => line.split(' '))

/** Class 9: ids and paths that are not what they seem, and ids of another team. */
export async function paths(): Promise<Item[]> {
  const routes = (await describedRoutes()).filter(({ params }) => params.length > 0)
  const several = routes.filter(({ path, method }) => method !== 'GET' || !path.endsWith('.svg'))
  const lists = (await describedRoutes()).filter(({ query, path }) => 'cursor' in query && !path.startsWith('/v1/live'))
  return [
    ...lists.flatMap((route) =>
      CURSORS.map(
        (cursor): Item => item(`${route.name}: cursor ${cursor}`, get(`${pathOf(route)}?cursor=${cursor}`), [400, 404]),
      ),
    ),
    ...several.flatMap(wrongIds),
    ...PATHS.map(
      (path): Item => item(`path ${path}`, get(path), path === '/metrics/..' ? TAKEN_OR_REFUSED : [200, 400, 404, 405]),
    ),
    ...THEIRS.map((path): Item => item(`theirs: ${path}`, get(`/v1/${path}`), [404])),
    ...[...THEIR_COMMANDS, 'actors/thing/theirs/events', 'actors/thing/other:theirs/events'].map((path): Item => {
      const body = BODIES[path.split('/').at(-1) ?? ''] ?? '{}'
      return item(
        `theirs: POST ${path}`,
        { method: 'POST', path: `/v1/${path}`, headers: { 'content-type': 'application/json' }, body },
        [404],
      )
    }),
    ...[
      '',
      '?x',
      '?a=%00',
      '?a=%ff',
      '?%E0%A4%A',
      '?a=1&a=2',
      `?${'a=1&'.repeat(2_000)}`,
      '?a[b]=1',
      '?a=1#x',
      '?;',
    ].map((query): Item => item(`query ${query.slice(0, 20)}`, get(`/v1/agents/nobody${query}`))),
    ...['BREW', 'TRACE', 'PATCH', 'PROPFIND', 'LOCK', 'QUERY', 'SEARCH', 'PURGE'].map(
      (method): Item => item(`method ${method}`, { method, path: '/v1/agents' }),
    ),
  ]
}

/** Every parameter of a route, wrong in a way that differs from route to route: together, all ways in all places. */
function wrongIds(route: Described, at: number): Item[] {
  return route.params.flatMap((name, which) =>
    [0, 1, 2].map((turn): Item => {
      const id = turn === 2 ? LONG : (BAD_IDS[(at * 3 + which * 7 + turn * 17) % BAD_IDS.length] ?? '')
      const path = pathOf(route, { [name]: 'WRONG' }).replace('WRONG', id)
      const body =
        route.method === 'GET' || route.method === 'DELETE'
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: '{}' }
      return item(`${route.name}: ${name} is ${id.slice(0, 30)}`, { method: route.method, path, ...body })
    }),
  )
}

function item(name: string, ask: Ask, expect?: readonly number[]): Item {
  return { class: 9, surface: 'S6', name, ask, ...(expect ? { expect } : {}) }
}
