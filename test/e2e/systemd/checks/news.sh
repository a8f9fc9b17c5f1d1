# News for people, sent out of the sandbox: to a server of another address by name, and to the mail server of this host.

ip address add 10.98.0.2/32 dev lo 2>/dev/null
grep -q news.example.test /etc/hosts || echo '10.98.0.2 news.example.test' >>/etc/hosts
cat >/run/e2e-news.pl <<'PERL'
use strict; use IO::Socket::INET; use IO::Select;
my $web = IO::Socket::INET->new(LocalAddr => '10.98.0.2', LocalPort => 8090, Listen => 5, ReuseAddr => 1) or die;
my $mail = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 25, Listen => 5, ReuseAddr => 1) or die;
$| = 1;
for my $ready (map { IO::Select->new($web, $mail)->can_read } 1 .. 1000) {
  my $client = $ready->accept or next;
  $client->autoflush(1);
  if ($ready == $web) {
    my $length = 0;
    while (<$client>) { $length = $1 if /^content-length: (\d+)/i; last if /^\r?\n$/ }
    read $client, my $body, $length;
    print "WEB $body\n";
    print $client "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  } else {
    print $client "220 ready\r\n";
    my $is_data = 0;
    while (<$client>) {
      print "MAIL $_";
      if ($is_data) { next unless /^\.\r?\n$/; $is_data = 0; print $client "250 taken\r\n" }
      elsif (/^DATA/i) { $is_data = 1; print $client "354 go on\r\n" }
      elsif (/^QUIT/i) { print $client "221 bye\r\n"; last }
      else { print $client "250 ok\r\n" }
    }
  }
  close $client;
}
PERL
systemd-run --quiet --unit=e2e-news --property=StandardOutput=file:/run/e2e-news.log perl /run/e2e-news.pl
news_file=$ETC/lxc_autoscale_api.yaml
cp -p $news_file /run/e2e-news.yaml
sed -i '/^notifications:/,/^[a-z_]*:$/{/^notifications:/d;/^  /d}' $news_file
printf '\nnotifications:\n  targets:\n    - {type: webhook, url: "http://news.example.test:8090/hook"}\n    - {type: mail, to: root}\n' >>$news_file
check 'the configuration with targets of news is right' lxc-autoscale config check
systemctl reload lxc_autoscale_api
all_sent() { lxc-autoscale notify test; }
check 'a test message leaves the sandbox, to another address by its name and to the mail server of this host' within 20 all_sent
check 'the webhook got it' grep -q '^WEB .*a test message' /run/e2e-news.log
check 'the mail server got it, for root' grep -qi '^MAIL RCPT TO:<root@localhost>' /run/e2e-news.log
check 'the API may write down what was told' within 15 test -s /var/lib/lxc_autoscale_ml/api/news.json
cp -p /run/e2e-news.yaml $news_file
systemctl reload lxc_autoscale_api
systemctl stop e2e-news
