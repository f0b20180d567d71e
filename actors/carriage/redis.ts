import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis'
import { AppError } from '../../core/errors.ts'

/** What a connection is wanted for; the rest says its URL. */
export type RedisWishes = Pick<
  RedisOptions,
  'maxRetriesPerRequest' | 'enableOfflineQueue' | 'commandTimeout' | 'lazyConnect' | 'retryStrategy'
>

/**
 * Opens a connection by its URL:
 *
 *     redis://user:password@host:6379/0       rediss:// with TLS
 *     redis+sentinel://password@host:26379,host:26379/mymaster   the master that the sentinels name
 *     redis+cluster://password@host:6379,host:6379               a Redis Cluster
 *
 * with `rediss+…` for TLS to the servers. Throws `config.invalid`.
 */
export function openRedis(url: string, wishes: RedisWishes): Redis | Cluster {
  const { tls, kind, username, password, hosts, path } = parse(url)
  const secret = { ...(username ? { username } : {}), ...(password ? { password } : {}), ...(tls ? { tls: {} } : {}) }
  switch (kind) {
    case 'single':
      return new Redis(url, wishes)
    case 'sentinel':
      if (path === '') throw invalid('the name of the master is missing: redis+sentinel://host:26379/mymaster')
      return new Redis({ ...wishes, ...secret, sentinels: hosts, name: path })
    case 'cluster': {
      const { lazyConnect, enableOfflineQueue, retryStrategy: _single, ...rest } = wishes
      const options: ClusterOptions = {
        redisOptions: { ...rest, ...secret },
        ...(lazyConnect === undefined ? {} : { lazyConnect }),
        ...(enableOfflineQueue === undefined ? {} : { enableOfflineQueue }),
        clusterRetryStrategy: (times) => Math.min(1_000, times * 50),
      }
      return new Cluster(hosts, options)
    }
  }
}

interface Parsed {
  tls: boolean
  kind: 'single' | 'sentinel' | 'cluster'
  username: string | undefined
  password: string | undefined
  hosts: { host: string; port: number }[]
  path: string
}

const SHAPE =
  /^(?<scheme>rediss?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?:(?<username>[^:@/]*):)?(?<password>[^@/]*)@)?(?<hosts>[^/?]+)(?:\/(?<path>[^?]*))?/

function parse(url: string): Parsed {
  const groups = SHAPE.exec(url)?.groups
  if (!groups) throw invalid('expected redis://host:port, redis+sentinel://… or redis+cluster://…')
  const kind = groups['kind'] === 'sentinel' || groups['kind'] === 'cluster' ? groups['kind'] : 'single'
  const usual = kind === 'sentinel' ? 26_379 : 6_379
  const hosts = (groups['hosts'] ?? '').split(',').map((one) => {
    const [, host = one, port] = /^(.*?)(?::(\d+))?$/.exec(one) ?? []
    return { host, port: port === undefined ? usual : Number(port) }
  })
  return {
    tls: groups['scheme'] === 'rediss',
    kind,
    username: plain(groups['username']),
    password: plain(groups['password']),
    hosts,
    path: groups['path'] ?? '',
  }
}

function plain(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : decodeURIComponent(text)
}

/** Never with the URL itself: it may hold a password. */
function invalid(why: string): AppError {
  return new AppError('config.invalid', `REDIS_URL: ${why}`)
}
