import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** Node's response, which says what every answer says unless the answer says something else itself: names in lower case. */
export class Answer<Of extends IncomingMessage = IncomingMessage> extends ServerResponse<Of> {
  said: Readonly<Record<string, string>> = {}

  override writeHead(
    status: number,
    reason?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
    headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
  ): this {
    // In one piece: Node takes headers apart again that were set one by one.
    if (typeof reason !== 'string' && !Array.isArray(reason))
      return super.writeHead(status, { ...this.said, ...reason })
    for (const [name, value] of Object.entries(this.said)) if (!this.hasHeader(name)) this.setHeader(name, value)
    return super.writeHead(status, reason as string, headers)
  }
}
