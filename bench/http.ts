import { Pool } from 'undici'

/** One client for every contestant that is reached over HTTP: HTTP/1.1, connections that stay open, one request at a time on each. */
export interface Client {
  post(path: string, body: string, headers?: Record<string, string>): Promise<{ status: number; text: string }>
  put(path: string, body: string): Promise<{ status: number; text: string }>
  delete(path: string): Promise<{ status: number; text: string }>
  get<Body>(path: string): Promise<Body>
  close(): Promise<void>
}

const JSON_BODY = { 'content-type': 'application/json' }

export function connect(url: string, connections: number): Client {
  const pool = new Pool(url, { connections, pipelining: 1 })

  /** By undici's lowest level, without a stream for each body: the client works on the same cores as those it measures. */
  function send(
    method: 'DELETE' | 'GET' | 'POST' | 'PUT',
    path: string,
    body?: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = []
      let status = 0
      pool.dispatch(
        { method, path, ...(body === undefined ? {} : { body, headers: headers ?? JSON_BODY }) },
        {
          onRequestStart() {},
          onResponseStart(_controller, statusCode) {
            status = statusCode
          },
          onResponseData(_controller, piece) {
            pieces.push(piece)
          },
          onResponseEnd() {
            resolve({ status, text: Buffer.concat(pieces).toString() })
          },
          onResponseError(_controller, error) {
            reject(error)
          },
        },
      )
    })
  }

  return {
    post: (path, body, headers) => send('POST', path, body, headers),
    put: (path, body) => send('PUT', path, body),
    delete: (path) => send('DELETE', path),
    async get<Body>(path: string) {
      const { status, text } = await send('GET', path)
      if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${text}`)
      return JSON.parse(text) as Body
    },
    close: () => pool.close(),
  }
}

/** Does something for every index, so many at once. */
export async function forEach(count: number, atOnce: number, act: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await act(index)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane))
}
