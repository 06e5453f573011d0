"""What a person can do about each kind of refusal by Salesforce, in Japanese and English."""

from flyle_sf_assets.errors import Text

APP_UNKNOWN = Text(
    "コンシューマキーを確認してください。アプリケーションの作成から有効になるまで約10分かかるため、"
    "作成直後の場合は10分ほど待ってからもう一度お試しください",
    "Check the Consumer Key. An app becomes active about 10 minutes after its creation: if it is"
    " new, wait 10 minutes and try again",
)
SECRET_WRONG = Text(
    "コンシューマの秘密 (Consumer Secret) を Salesforce"
    " のアプリケーション設定からコピーし直してください",
    "Copy the Consumer Secret again from the app's settings in Salesforce",
)
RECONNECT = Text(
    "接続が取り消されたか期限切れです。もう一度連携してください",
    "The connection was revoked or has expired: connect again",
)
CONNECT_FIRST = Text(
    "設定コンソールか flyle-sf connect で連携してください",
    "Connect in the setup console or by flyle-sf connect",
)
ADMINISTRATOR_NEEDED = Text(
    "Salesforce の管理者 (「すべてのデータの編集」権限を持つユーザー。標準の「システム管理者」"
    "プロファイルなど) で許可してください。連携後は、この権限がなくても動作します",
    "Allow the access as a Salesforce administrator: a user with the permission Modify All Data,"
    " such as one of the profile System Administrator. Afterwards the permission is not needed",
)
PRIVATE_KEY_WRONG = Text(
    "パスフレーズなしの RSA 秘密鍵 (PEM) を private_key に指定し、その証明書をアプリケーションの"
    "「デジタル署名」に登録してください",
    "Let private_key be an RSA private key in PEM form without a passphrase, and register its"
    " certificate with the app (Use digital signatures)",
)
USER_INACTIVE = Text(
    "連携に使っている Salesforce ユーザーを有効にするか、別のユーザーで連携してください",
    "Activate the Salesforce user of the connection, or connect with another user",
)
ORG_INACTIVE = Text(
    "Salesforce 組織が有効か、Salesforce の契約をご確認ください",
    "Check that the Salesforce org is active",
)
APP_NOT_INSTALLED = Text(
    "Salesforce の設定「接続アプリケーションの OAuth の利用状況」ま"
    "たは「外部クライアントアプリケーション"
    "マネージャー」でアプリケーションをインストールし、ユーザーに使用を許可してください",
    "In Salesforce Setup, install the app (Connected Apps OAuth Usage, or External Client App"
    " Manager) and allow the user to use it",
)
FLOW_OFF = Text(
    "アプリケーションの OAuth 設定で、"
    "使用するフロー (クライアントログイン情報フローなど) を有効にし、"
    "「別のユーザーとして実行」のユーザーを指定してください",
    "In the app's OAuth settings enable the flow in use (such as the Client Credentials Flow) and"
    " choose its Run As user",
)
OWN_DOMAIN = Text(
    "login.salesforce.com ではなく、"
    "組織の「私のドメイン」の URL (https://会社名.my.salesforce.com) を"
    "指定してください",
    "Use the org's My Domain URL (https://NAME.my.salesforce.com), not login.salesforce.com",
)
CLIENT_REFUSED = Text(
    "Consumer Secret を Salesforce のアプリケーション設定からコピーし直してください。正しい場合は、"
    "アプリケーションが組織にインストールされ、ユーザーに使用が許可されているかを確認してください",
    "Copy the Consumer Secret again from the app's settings in Salesforce. If it is right, check"
    " that the app is installed in the org and that the user is allowed to use it",
)
APP_OF_OTHER_ORG = Text(
    "アプリケーションを作成した組織のユーザーでログインしてください。別の組織と連携する場合は、"
    "その組織に外部クライアントアプリケーションを作成し、"
    "そのコンシューマキーと組織の URL を入力してください",
    "Log in as a user of the org in which the app was created. To link another org, create an"
    " External Client App in that org and enter its Consumer Key and its org URL",
)
ASSERTION_WRONG = Text(
    "アプリケーションの「デジタル署名」に登録した証明書が private_key と対になっていること、"
    "username が正しく有効なユーザーであること、org_url が本番か Sandbox の正しい URL であること、"
    "アプリケーションの使用がそのユーザーに事前承認されていることを確認してください",
    "Check that the certificate registered with the app belongs to private_key, that username is"
    " an active user spelled exactly so, that org_url is the right one (production or sandbox),"
    " and that an administrator has pre-authorized the app for that user",
)
CODE_REFUSED = Text(
    "許可の有効期限が切れたか、すでに使われています。もう一度連携を始めてください",
    "What the page brought back has expired or was used already: begin to connect again",
)
LOGIN_IN_PROGRESS = Text(
    "同じアプリケーションのログインが重なりました。自動で再試行します。続く場合は、"
    "同じアプリケーションを使う他の連携を減らしてください",
    "Several logins of the app came at the same moment. It is tried again by itself; if it stays,"
    " let fewer integrations use the same app",
)
ACCESS_RESTRICTED = Text(
    "ログインはできましたが、API の使用が許可されていません。接続元 IP の制限 (アプリケーションの"
    "「IP 制限の緩和」、プロファイルのログイン IP 範囲)、"
    "アプリケーションの OAuth 範囲 api、「API アクセスコントロール」と、"
    "プロファイルのセッションセキュリティレベルを確認してください",
    "The login works, but its session may not use the API. Check the IP restrictions (of the app"
    " and the profile's login IP ranges), the app's OAuth scope api, API Access Control, and the"
    " session security level that the profile requires",
)
PASSWORD_EXPIRED = Text(
    "連携ユーザーの Salesforce パスワードの有効期限が切れています。"
    "そのユーザーで Salesforce にログインしてパスワードを変更するか、"
    "プロファイルの「パスワード無期限」をオンにしてください",
    "The password of the connected Salesforce user has expired. Log in to Salesforce as that user"
    " and change it, or give the user's profile Password Never Expires",
)
VIEW_ALL_MISSING = Text(
    "共有の計算が大きすぎるため、Salesforce が検索を拒否しました。"
    "連携ユーザーに、対象オブジェクトの「すべて表示」か「すべてのデータの参照」を付けてください",
    "Salesforce refuses the query because it would have to work out the sharing of too many"
    " records. Give the connected user View All for the object, or View All Data",
)
TRANSACTION_SECURITY = Text(
    "組織のトランザクションセキュリティポリシーの処理が間に合いませんでした。自動で再試行します。"
    "続く場合は、連携ユーザーに「トランザクションセキュリティから除外」権限を付けてください",
    "The org's transaction security policies took too long. It is tried again by itself; if it"
    " stays, give the connected user the permission Exempt from Transaction Security",
)
QUERY_NOT_SUPPORTED = Text(
    "Salesforce がこの検索に対応していません (実装の制限)。条件とマッピングから対象の項目を外すか、"
    "連携ユーザーに「すべてのデータの参照」を付けてください。解決しない場合はサポートまで"
    "お知らせください",
    "Salesforce does not support this query (an implementation restriction). Take the field that"
    " it names out of the conditions or the mapping, or give the connected user View All Data; if"
    " that does not help, tell support",
)
IP_RESTRICTED = Text(
    "アプリケーションの「IP 制限の緩和」を設定するか、"
    "プロファイルのログイン IP 範囲に接続元を追加してください",
    "Relax the app's IP restrictions, or add our addresses to the profile's login IP ranges",
)
CONSENT_DENIED = Text(
    "Salesforce の画面でアクセスを「許可」してください", "Allow the access on Salesforce's page"
)
CALLBACK_WRONG = Text(
    "アプリケーションの「コールバック URL」に、画面に表示されている URL をそのまま登録してください",
    "Register exactly the callback URL that is shown as the app's Callback URL",
)
SCOPES_MISSING = Text(
    "アプリケーションの OAuth 範囲に「API を使用してユーザーデータを管理 (api)」と"
    "「いつでも要求を実行 (refresh_token)」を追加してください",
    "Add the OAuth scopes api and refresh_token to the app",
)
API_OFF = Text(
    "Salesforce のエディションで API が使えること、連携ユーザーのプロファイルで「API の有効化」が"
    "オンであることを確認してください",
    "Check that the Salesforce edition includes the API and that the connected user has the"
    " permission API Enabled",
)
FEATURE_OFF = Text(
    "この機能を Salesforce で有効にするか、連携ユーザーに権限を付けてください",
    "Enable the feature in Salesforce, or give the connected user the right to it",
)
RIGHT_MISSING = Text(
    "連携ユーザーに、対象オブジェクトと項目の参照権限を付けてください",
    "Give the connected user the right to read the object and its fields",
)
LIMIT_SPENT = Text(
    "組織の24時間あたりの API 要求数の上限に達しています。時間をおいて自動で再試行します。"
    "続く場合は"
    "他の連携の使用量か上限を見直してください",
    "The org's API requests of 24 hours are used up. It is tried again later by itself; if it"
    " stays, look at what the org's other integrations use, or raise the limit",
)
FIELD_GONE = Text(
    "項目が存在すること、連携ユーザーの項目レベルセキュリティで参照できることを確認するか、"
    "設定から外してください",
    "Check that the field exists and that field-level security shows it to the connected user, or"
    " take it out of the settings",
)
FIELD_NOT_FILTERABLE = Text(
    "この項目は条件に使えません。別の項目を選んでください",
    "This field cannot be used in a condition: choose another one",
)
OBJECT_GONE = Text(
    "オブジェクトが存在し、連携ユーザーに参照権限があることを確認してください",
    "Check that the object exists and that the connected user may read it",
)
QUERY_WRONG = Text(
    "条件とマッピングを見直してください。解決しない場合はサポートまでお知らせください",
    "Look at the conditions and the mapping; if that does not help, tell support",
)
QUERY_SLOW = Text(
    "時間をおいて再試行します。続く場合は、"
    "条件にインデックス付きの項目を使うか条件を絞ってください",
    "It is tried again later; if it stays, use indexed fields in the conditions or narrow them",
)
LATER = Text(
    "時間をおいて自動で再試行します。続く場合は https://status.salesforce.com をご確認ください",
    "It is tried again later by itself; if it stays, look at https://status.salesforce.com",
)
READ_AGAIN = Text("もう一度読み込みます", "It is read again")
ANSWER_TOO_LARGE = Text(
    "何も取り込んでいません。組織との間にあるプロキシを確認し、なければ、"
    "マッピングする長いテキスト項目を減らしてください",
    "Nothing of it was taken. Check a proxy between us and the org; if there is none, map fewer"
    " long text fields",
)
ANSWER_IMPLAUSIBLE = Text(
    "何も取り込んでいません。もう一度読み込みます。続く場合は、組織との間にあるプロキシを確認してください",
    "Nothing of it was taken; it is read again. If that goes on, check a proxy between us and the"
    " org",
)
CLOCK_APART = Text(
    "このサーバーの時計を合わせてください (NTP)。合っている場合は、"
    "組織との間にあるプロキシを確認してください",
    "Set this machine's clock (NTP); if it is right, check a proxy between us and the org",
)
TLS_UNTRUSTED = Text(
    "組織の URL を確認してください。社内の認証局を使う場合は、"
    "その CA 証明書のファイルを FLYLE_SF_CA_FILE に"
    "指定してください",
    "Check the org URL. If the org stands behind a private CA, name its CA bundle in"
    " FLYLE_SF_CA_FILE",
)
HOST_UNKNOWN = Text(
    "組織の URL のつづりと、「私のドメイン」が変更されていないか、DNS の設定を確認してください",
    "Check the spelling of the org URL, whether its My Domain was renamed, and the DNS settings",
)
NETWORK = Text(
    "ネットワーク (プロキシ、ファイアウォール) を確認してください。時間をおいて自動で再試行します",
    "Check the network (proxy, firewall). It is tried again later by itself",
)
HOST_MOVED = Text(
    "組織の URL を、現在の「私のドメイン」の URL に変更してください",
    "Change the org URL to the org's present My Domain URL",
)
SUPPORT = Text("この内容をサポートまでお知らせください", "Tell support what came back")
