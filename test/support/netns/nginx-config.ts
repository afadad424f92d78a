import { join } from 'node:path';

/** A complete nginx.conf that keeps everything it writes in `directory`; the node's name is in X-Whom. */
export function nginxConfig(options: { readonly directory: string; readonly whom: string }): string {
  const { directory, whom } = options;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${join(directory, `nginx-${kind}`)};`)
    .join('\n');
  return `user root;
worker_processes 1;
pid ${join(directory, 'nginx.pid')};
error_log ${join(directory, 'nginx-error.log')} notice;
events { worker_connections 512; }
http {
${temporary}
  access_log off;
  keepalive_timeout 0;
  server {
    listen 80 backlog=511;
    add_header X-Whom ${whom} always;
    location = /health { return 200 "ok\\n"; }
    location / { return 200 "${whom}\\n"; }
  }
}
`;
}
