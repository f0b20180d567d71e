import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** Node's response, which says what every answer says unless the answer says something else itself: names in lower case. */
export class Answer<Of extends IncomingMessage = IncomingMessage> extends ServerResponse<Of> {
  said: Readonly<Record<string, string>> = {}

  override writeHead(
    status: number,
    reason?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
    headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
  ): this {
    if (typeof reason === 'string' || Array.isArray(reason)) return super.writeHead(status, reason as string, headers)
    // In one piece: Node takes headers apart again that were set one by one.
    return super.writeHead(status, { ...this.said, ...reason })
  }
}
