"""An RTSP server for tests, by GStreamer, for the system's Python: ``rtsp_server.py PORT [USER PASSWORD]``.

It prints its port; 0 is any that is free. /h264 is a moving picture at 25 frames a second, /mjpeg the same as
JPEGs, /sound has no picture. With user and password it asks for digest authentication.
"""

from __future__ import annotations

import sys
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

PICTURE = (
    "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=25/1"
)
H264 = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 bitrate=1000"
YES = True
STREAMS = {
    "/h264": f"( {PICTURE} ! {H264} ! rtph264pay name=pay0 pt=96 config-interval=1 )",
    "/mjpeg": f"( {PICTURE} ! jpegenc ! rtpjpegpay name=pay0 pt=26 )",
    "/sound": "( audiotestsrc is-live=true ! mulawenc ! rtppcmupay name=pay0 pt=0 )",
}


def main(port: str, *login: str) -> None:
    Gst.init(None)
    server: Any = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(port)
    if login:
        user, password = login
        auth = GstRtspServer.RTSPAuth.new()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", user)
        auth.add_digest(user, password, token)
        server.set_auth(auth)
    for path, pipeline in STREAMS.items():
        factory = GstRtspServer.RTSPMediaFactory.new()
        factory.set_launch(pipeline)
        factory.set_shared(True)
        if login:
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_permission_for_role(login[0], "media.factory.access", YES)
            permissions.add_permission_for_role(login[0], "media.factory.construct", YES)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(path, factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


main(*sys.argv[1:])
