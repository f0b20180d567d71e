import { createServer } from 'node:http2'
import { createEndpointHandler } from '@restatedev/restate-sdk'
import { xstate } from '@restatedev/xstate'
import { counter } from './machine.mjs'

// The service that restate-server calls: the machine as a virtual object, as the package's README shows it.
const server = createServer(createEndpointHandler({ services: [xstate('counter', counter)] }))
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on ${server.address().port}\n`)
})
