import type { ServerResponse } from 'node:http'
import { PNG } from 'pngjs'
import type { HeldDevice } from '../../core/tool.ts'
import { type Seen, serve } from './servers.ts'

export interface FakeGateway extends Seen {
  device: HeldDevice
}

/** A lab gateway with one device: it shows these screens in turn, and answers every command alike. */
export async function fakeGateway(behaviour: { screens?: Uint8Array[]; answer?: Answer } = {}): Promise<FakeGateway> {
  const screens = [...(behaviour.screens ?? [])]
  const seen = await serve(({ url = '' }, response) => {
    if (behaviour.answer) send(response, behaviour.answer)
    else if (url.endsWith('/screenshot'))
      send(response, { body: screens.length > 1 ? screens.shift() : screens[0], type: 'image/png' })
    else if (url.endsWith('/power_cycle')) send(response, { body: { accepted: true, readyInMs: 4000 } })
    else if (url.endsWith('/stb-8')) send(response, { body: { id: 'stb-8', online: true, channel: 3 } })
    else send(response, { body: { accepted: true, channel: 1 } })
  })
  return Object.assign(seen, { device: { id: 'stb-8', kind: 'stb', gateway: `${seen.url}/`, token: 7 } })
}

export interface Answer {
  status?: number
  type?: string
  body?: Uint8Array | string | object | undefined
  headers?: Record<string, string>
}

function send(
  response: ServerResponse,
  { status = 200, type = 'application/json', body = {}, headers = {} }: Answer,
): void {
  response.writeHead(status, { 'content-type': type, ...headers })
  response.end(body instanceof Uint8Array || typeof body === 'string' ? body : JSON.stringify(body))
}

/** A PNG whose pixels this function paints, as red, green, blue. */
export function picture(
  width: number,
  height: number,
  paint: (x: number, y: number) => [number, number, number],
): Uint8Array {
  const png = new PNG({ width, height })
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) png.data.set([...paint(x, y), 255], (y * width + x) * 4)
  }
  return PNG.sync.write(png)
}
