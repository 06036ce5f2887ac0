#!/bin/sh
# A server written in C or Go, with nothing to run behind it: what the others
# could at best come to. Each is given the file beside this script that is
# named for it, as its users would write it.
#
#     static.sh nginx --port=8080 --workers=2
#
# The configuration and the page go to a folder of their own, which is removed
# once the server has ended.
set -eu

host=127.0.0.1 port=8080 workers=1
name=${1:?which server? nginx, apache, h2o, lighttpd, haproxy or caddy}
shift
while [ $# -gt 0 ]; do
  case $1 in
    --host=*) host=${1#*=} ;;
    --port=*) port=${1#*=} ;;
    --workers=*) workers=${1#*=} ;;
    -w) workers=${2:?how many workers?}; shift ;;
    *) echo "$1 is not known: want --host=, --port=, --workers=" >&2; exit 2 ;;
  esac
  shift
done

# Of a server that root starts, the part that answers runs as another user, who
# cannot see into root's own folders.
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" -ne 0 ] || TMPDIR=/tmp
dir=$(mktemp -d "${TMPDIR:-/tmp}/hello-$name.XXXXXX")
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/page" "$dir/state"
chmod 755 "$dir" "$dir/page"
printf hello >"$dir/page/hello.txt"
sed -e "s|@dir@|$dir|g; s|@host@|$host|g; s|@port@|$port|g; s|@workers@|$workers|g; s|@threads@|$((workers * 64))|g" \
  "$here/$name.conf" >"$dir/$name.conf"

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
end=TERM # the signal that ends it at once, whatever connections are open
conf=$dir/$name.conf
case $name in
  nginx) set -- nginx -e stderr -p "$dir" -c "$conf" ;;
  apache) set -- apache2 -f "$conf" -DFOREGROUND ;;
  h2o) set -- h2o -c "$conf"; end=KILL ;;
  lighttpd) set -- lighttpd -D -f "$conf" ;;
  haproxy) set -- haproxy -W -q -f "$conf" ;;
  caddy)
    export HOME="$dir/state" XDG_DATA_HOME="$dir/state" XDG_CONFIG_HOME="$dir/state" GOMAXPROCS="$workers"
    set -- caddy run --adapter caddyfile --config "$conf"
    ;;
esac

# A trapped signal ends one wait; the next is for the server. It ends by our own
# wish then, whatever it says of that.
asked=
"$@" &
server=$!
trap 'asked=yes; kill -$end $server 2>/dev/null || true' TERM INT
status=0
wait $server || status=$?
while kill -0 $server 2>/dev/null; do
  wait $server || status=$?
done
[ -z "$asked" ] || exit 0
exit $status
